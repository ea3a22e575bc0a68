#!/bin/bash
# Writes units below the machine's root and starts them, as bootstrap does.
set -eu
units=$AGENTS_PLANE_ROOT/etc/systemd/system
mkdir -p "$AGENTS_PLANE_ROOT/var/lib/agents-plane"
echo boot >> "$AGENTS_PLANE_ROOT/var/lib/agents-plane/boots"
for unit in "$UNITS_FROM"/*.*; do
  sed "s|@ROOT@|$AGENTS_PLANE_ROOT|g" "$unit" > "$units/${unit##*/}"
done
systemctl daemon-reload
systemctl enable --now steady.service door.socket
systemctl is-active steady
echo "bootstrap is done"

#!/bin/sh
# Lays over a Debian 12 root what an agent's VM has besides packages: Node 24, OpenClaw with
# WhatsApp, users, directories, drop-ins of units.
#   overlay.sh ROOT OPENCLAW
# ROOT: a root file system; / is this machine. OPENCLAW: what openclaw.sh made. Needs root.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
root=${1%/}
openclaw=$2

echo "Node.js and OpenClaw"
install -d "$root/opt/agents-plane/node/bin" "$root/opt/openclaw"
install -m 0755 "$(readlink -f "$openclaw/bin/node")" "$root/opt/agents-plane/node/bin/node"
cp -R --no-dereference --preserve=mode,timestamps,links \
  "$openclaw/node_modules" "$openclaw/package.json" "$openclaw/package-lock.json" "$root/opt/openclaw/"
rm -rf "$root"/opt/openclaw/node_modules/node-linux-*
ln -sfn /opt/agents-plane/node/bin/node "$root/usr/local/bin/node"
ln -sfn /opt/openclaw/node_modules/openclaw/openclaw.mjs "$root/usr/local/bin/openclaw"

echo "Users, directories, units"
install -D -m 0644 "$here/sysusers.d/agents-plane.conf" "$root/usr/lib/sysusers.d/agents-plane.conf"
install -D -m 0644 "$here/tmpfiles.d/agents-plane.conf" "$root/usr/lib/tmpfiles.d/agents-plane.conf"
for dropin in "$here"/systemd/*/*.conf; do
  install -D -m 0644 "$dropin" "$root/etc/systemd/system/${dropin#"$here"/systemd/}"
done
chroot "$root/" systemd-sysusers
# Each machine makes its own id at its first boot; an empty file is how systemd wants that.
: > "$root/etc/machine-id"

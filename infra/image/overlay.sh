#!/bin/sh
# Lays over a Debian 12 root what an agent's VM has besides packages: Node 24, OpenClaw with
# WhatsApp, users, directories, drop-ins of units.
#   overlay.sh ROOT OPENCLAW
# ROOT: a root file system; / is this machine. OPENCLAW: what openclaw.sh made, which may lie in its place
# already (ROOT/opt/openclaw). Needs root.
# Node.js comes last: where it is, all the rest is (templates/plane/startup-script.sh).
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
root=${1%/}
openclaw=$2

echo "OpenClaw"
install -d "$root/opt/agents-plane/node/bin" "$root/opt/openclaw"
if [ "$openclaw" != "$root/opt/openclaw" ]; then
  cp -R --no-dereference --preserve=mode,timestamps,links \
    "$openclaw/node_modules" "$openclaw/package.json" "$openclaw/package-lock.json" "$root/opt/openclaw/"
fi
ln -sfn /opt/agents-plane/node/bin/node "$root/usr/local/bin/node"
ln -sfn /opt/openclaw/node_modules/openclaw/openclaw.mjs "$root/usr/local/bin/openclaw"

echo "Users, directories, units"
install -D -m 0644 "$here/sysusers.d/agents-plane.conf" "$root/usr/lib/sysusers.d/agents-plane.conf"
install -D -m 0644 "$here/tmpfiles.d/agents-plane.conf" "$root/usr/lib/tmpfiles.d/agents-plane.conf"
for dropin in "$here"/systemd/*/*.conf; do
  install -D -m 0644 "$dropin" "$root/etc/systemd/system/${dropin#"$here"/systemd/}"
done
chroot "$root/" systemd-sysusers

echo "Node.js"
node=$root/opt/agents-plane/node/bin/node
install -m 0755 "$(readlink -f "$openclaw/bin/node")" "$node.new"
mv -f "$node.new" "$node"
packages=$root/opt/openclaw/node_modules
rm -rf "$packages"/node-linux-* "$packages/esbuild" "$packages/@esbuild" "$packages/.bin/esbuild" \
  "$root/opt/openclaw/bin" "$root/opt/openclaw/.npmrc"

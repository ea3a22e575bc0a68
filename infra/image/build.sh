#!/bin/sh
# Builds the VM image's root file system: Debian 12, Node 24, OpenClaw with WhatsApp.
#   build.sh ROOTFS OPENCLAW
# ROOTFS: a directory that does not exist yet. OPENCLAW: what openclaw.sh made.
# Needs root and mmdebstrap. The same tree becomes a systemd-nspawn machine here and
# a Compute Engine image elsewhere.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
root=$1
openclaw=$2
suite=bookworm

packages=$(awk '!/^#/ && NF { printf "%s%s", sep, $1; sep = "," }' "$here/packages.txt")
echo "Debian $suite: $packages"
mmdebstrap --quiet --mode=root --variant=minbase --include="$packages" \
  --dpkgopt='path-exclude=/usr/share/man/*' \
  --dpkgopt='path-exclude=/usr/share/doc/*' \
  --dpkgopt='path-include=/usr/share/doc/*/copyright' \
  --dpkgopt='path-exclude=/usr/share/locale/*' \
  "$suite" "$root"

echo "Node.js and OpenClaw"
install -d "$root/opt/agents-plane/node/bin" "$root/opt/openclaw"
install -m 0755 "$(readlink -f "$openclaw/bin/node")" "$root/opt/agents-plane/node/bin/node"
cp -R --no-dereference --preserve=mode,timestamps,links \
  "$openclaw/node_modules" "$openclaw/package.json" "$openclaw/package-lock.json" "$root/opt/openclaw/"
rm -rf "$root"/opt/openclaw/node_modules/node-linux-*
ln -s /opt/agents-plane/node/bin/node "$root/usr/local/bin/node"
ln -s /opt/openclaw/node_modules/openclaw/openclaw.mjs "$root/usr/local/bin/openclaw"

echo "Users, directories, units"
install -D -m 0644 "$here/sysusers.d/agents-plane.conf" "$root/usr/lib/sysusers.d/agents-plane.conf"
install -D -m 0644 "$here/tmpfiles.d/agents-plane.conf" "$root/usr/lib/tmpfiles.d/agents-plane.conf"
for dropin in "$here"/systemd/*/*.conf; do
  install -D -m 0644 "$dropin" "$root/etc/systemd/system/${dropin#"$here"/systemd/}"
done
chroot "$root" systemd-sysusers
# Each machine makes its own id at its first boot; an empty file is how systemd wants that.
: > "$root/etc/machine-id"
# What a VM without a console, swap or time zone of its own waits for in vain.
chroot "$root" systemctl --quiet mask \
  getty.target console-getty.service systemd-logind.service apt-daily.timer \
  apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service \
  fstrim.timer systemd-update-utmp.service systemd-update-utmp-runlevel.service \
  systemd-firstboot.service
rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*.bin "$root"/var/log/*.log

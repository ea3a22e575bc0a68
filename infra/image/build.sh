#!/bin/sh
# Builds the VM image's root file system: Debian 12, Node 24, OpenClaw with WhatsApp.
#   build.sh ROOTFS OPENCLAW
# ROOTFS: a directory that does not exist yet. OPENCLAW: what openclaw.sh made.
# Needs root and mmdebstrap. On Compute Engine gce/ starts from Google's own Debian 12 instead
# of mmdebstrap; packages.txt, openclaw.sh and overlay.sh are the same.
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

"$here/overlay.sh" "$root" "$openclaw"
# Each machine makes its own id at its first boot; an empty file is how systemd wants that.
: > "$root/etc/machine-id"
# What a VM without a console, swap or time zone of its own waits for in vain.
chroot "$root" systemctl --quiet mask \
  getty.target console-getty.service systemd-logind.service apt-daily.timer \
  apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service \
  fstrim.timer systemd-update-utmp.service systemd-update-utmp-runlevel.service \
  systemd-firstboot.service
rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*.bin "$root"/var/log/*.log

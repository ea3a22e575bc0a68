#!/bin/sh
# Builds a root file system like Google's debian-12: what is in that image and nothing of ours. Beside
# it, in their own places, what a fast mirror would hand out: Debian's packages and npm's, downloaded
# and not installed.
#   build.sh ROOTFS OPENCLAW_VERSION
# Needs root, mmdebstrap, npm; half a minute, and as long as the downloads take.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
recipe=$here/../../../../infra/image
root=$1
version=$2
scratch=$1.scratch
trap 'rm -rf "$scratch"' EXIT

mmdebstrap --quiet --mode=root --variant=minbase --skip=cleanup/apt \
  --include=systemd,systemd-sysv,dbus,iproute2,ca-certificates,curl,google-guest-agent bookworm "$root"
packages=$(awk '!/^#/ && NF { print $1 }' "$recipe/packages.txt" "$recipe/gce/packages.txt")
# shellcheck disable=SC2086
DEBIAN_FRONTEND=noninteractive chroot "$root" apt-get install -qq -y --download-only --no-install-recommends npm $packages

export npm_config_cache="$root/srv/npm"
"$recipe/openclaw.sh" "$scratch/openclaw" >/dev/null
(cp "$recipe/npm/package.json" "$recipe/npm/package-lock.json" "$recipe/npm/.npmrc" "$scratch/" && cd "$scratch" && npm ci --ignore-scripts --loglevel=error >/dev/null)
npm install --global --prefix "$scratch/global" --ignore-scripts --no-audit --no-fund --loglevel=error "openclaw@$version" >/dev/null
install -D -m 0644 "$here/npm-cache.conf" "$root/etc/systemd/system.conf.d/60-npm-cache.conf"

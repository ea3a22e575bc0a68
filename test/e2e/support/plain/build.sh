#!/bin/sh
# Builds a root file system like Google's debian-12: what is in that image and nothing of ours. Beside
# it, in their own places, what a fast mirror would hand out: Debian's packages and npm's, downloaded
# and not installed.
#   build.sh ROOTFS
# Needs root, mmdebstrap, npm; half a minute, and as long as the downloads take.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
recipe=$here/../../../../infra/image
root=$1
scratch=$1.scratch
trap 'rm -rf "$scratch"' EXIT

mmdebstrap --quiet --mode=root --variant=minbase --skip=cleanup/apt \
  --include=systemd,systemd-sysv,dbus,iproute2,ca-certificates,curl,google-guest-agent bookworm "$root"
packages=$(awk '!/^#/ && NF { print $1 }' "$recipe/packages.txt" "$recipe/gce/packages.txt")
# shellcheck disable=SC2086
DEBIAN_FRONTEND=noninteractive chroot "$root" apt-get install -qq -y --download-only --no-install-recommends npm $packages

# What the host's npm has downloaded before is linked, not fetched again: an index of its own, the same content.
cache=$(npm config get cache)/_cacache
export npm_config_cache="$root/srv/npm" npm_config_prefer_offline=true
mkdir -p "$npm_config_cache/_cacache"
if [ -d "$cache/content-v2" ] && cp -R --link "$cache/content-v2" "$npm_config_cache/_cacache/" 2>/dev/null; then
  cp -R "$cache/index-v5" "$npm_config_cache/_cacache/"
else
  rm -rf "$npm_config_cache/_cacache"
fi
"$recipe/openclaw.sh" "$scratch/openclaw" >/dev/null
mkdir -p "$scratch/npm"
cp "$recipe/npm/package.json" "$recipe/npm/package-lock.json" "$recipe/npm/.npmrc" "$scratch/npm/"
npm ci --prefix "$scratch/npm" --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
install -D -m 0644 "$here/npm-cache.conf" "$root/etc/systemd/system.conf.d/60-npm-cache.conf"

#!/bin/bash
# Builds a root file system like Google's debian-12, and beside it what the prototype's startup script
# (prototype.sh) would otherwise download: Debian's packages, Node.js with npm as nodejs.org packs them, npm's
# packages of OpenClaw and of its WhatsApp plugin. Downloaded, not installed.
#   prototype-image.sh ROOTFS
# Needs root, mmdebstrap, npm.
set -euo pipefail

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
recipe=$here/../../../infra/image
root=$1
scratch=$1.scratch
trap 'rm -rf "$scratch"' EXIT

# Google's image has python3 and curl.
mmdebstrap --quiet --mode=root --variant=minbase --skip=cleanup/apt \
  --include=systemd,systemd-sysv,dbus,iproute2,ca-certificates,curl,python3,google-guest-agent bookworm "$root"
DEBIAN_FRONTEND=noninteractive chroot "$root" apt-get install -qq -y --download-only --no-install-recommends jq

# Node.js and npm as one archive.
mkdir -p "$scratch/npm" "$scratch/node/bin" "$scratch/node/lib/node_modules"
cp "$recipe/npm/package.json" "$recipe/npm/package-lock.json" "$recipe/npm/.npmrc" "$scratch/npm/"
npm ci --prefix "$scratch/npm" --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
cp "$scratch"/npm/node_modules/node-linux-*/bin/node "$scratch/node/bin/"
mv "$scratch/npm/node_modules/npm" "$scratch/node/lib/node_modules/"
ln -s ../lib/node_modules/npm/bin/npm-cli.js "$scratch/node/bin/npm"
tar --create --gzip --file "$root/srv/node.tar.gz" --directory "$scratch" node

# A try fills npm's cache. What the host's npm has downloaded before is linked, not fetched again.
cache=$(npm config get cache)/_cacache
PATH=$scratch/node/bin:$PATH
export PATH HOME="$scratch/home" npm_config_cache="$root/srv/npm" npm_config_prefix="$scratch/global"
mkdir -p "$HOME" "$npm_config_cache/_cacache"
if [ -d "$cache/content-v2" ] && cp -R --link "$cache/content-v2" "$npm_config_cache/_cacache/" 2>/dev/null; then
  cp -R "$cache/index-v5" "$npm_config_cache/_cacache/"
else
  rm -rf "$npm_config_cache/_cacache"
fi
# shellcheck source=test/bench/boot/prototype.sh
. "$here/prototype.sh"
version=$(node -p 'require(process.argv[1]).dependencies.openclaw' "$recipe/package.json")
echo "$version" >"$root/srv/openclaw-version"
install_openclaw "$scratch/global/bin" "$version"
install -D -m 0644 "$here/../../e2e/support/plain/npm-cache.conf" "$root/etc/systemd/system.conf.d/60-npm-cache.conf"

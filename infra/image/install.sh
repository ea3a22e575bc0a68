#!/bin/sh
# Makes a running plain Debian 12 what the image is: the startup script of a VM without the image
# runs it, once. Minutes where the image takes seconds, and the same in the end: Debian's packages of
# packages.txt, and Node 24, OpenClaw and its plugins by the lockfiles with their hashes.
# Needs root, and HTTPS to a Debian mirror and to the npm registry. May be killed and run again.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
work=/var/tmp/agents-plane-install
libraries=/usr/share/nodejs
export DEBIAN_FRONTEND=noninteractive

# The lock may be another's: at a first boot Debian looks for updates by itself.
apt() { apt-get --quiet --quiet --option=DPkg::Lock::Timeout=600 --yes "$@"; }

clean() {
  rm -rf "$work"
  # Ours only: on a machine that has Debian's own it is a directory.
  if [ -L "$libraries" ]; then rm "$libraries"; fi
}

# Prints those packages of the image that are not here. What is there stays: Google's images have a
# guest agent of their own, and it is what runs us.
missing_packages() {
  cat "$here/packages.txt" "$here/gce/packages.txt" | while read -r name _; do
    case $name in '' | \#*) continue ;; esac
    # shellcheck disable=SC2016
    [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || echo "$name"
  done
}

# Debian's npm is 360 packages that nobody needs afterwards: they are unpacked beside the system, not
# installed (20 s, where installing and removing them takes minutes). Its Node.js looks in $libraries.
unpack_npm() {
  apt --download-only --no-install-recommends install npm
  for package in /var/cache/apt/archives/*.deb; do
    dpkg-deb --fsys-tarfile "$package" | tar --extract --directory "$work/debian" --exclude=./usr/share/doc
  done
  ln -s "$work/debian$libraries" "$libraries"
}

# With it, the npm and the Node.js that we pin.
install_own_npm() {
  cp "$here/npm/package.json" "$here/npm/package-lock.json" "$here/npm/.npmrc" "$work/npm/"
  env --chdir="$work/npm" PATH="$work/debian/usr/bin:$PATH" \
    LD_LIBRARY_PATH="$(echo "$work"/debian/usr/lib/*-linux-gnu)" \
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
  mkdir "$work/bin"
  ln -s "$(echo "$work"/npm/node_modules/node-linux-*/bin/node)" "$work/bin/node"
  ln -s ../npm/node_modules/npm/bin/npm-cli.js "$work/bin/npm"
}

clean
trap clean EXIT
mkdir -p "$work/debian" "$work/npm"

# The VMs' network lets nothing out but HTTPS (infra/firewall.tf).
find /etc/apt/sources.list /etc/apt/sources.list.d /etc/apt/mirrors -type f \
  -exec sed -i 's|http://|https://|g' {} + 2>/dev/null || true
packages=$(missing_packages)
apt update
# shellcheck disable=SC2086
[ -z "$packages" ] || apt --no-install-recommends install $packages

command -v npm >/dev/null || unpack_npm
echo "Node.js, OpenClaw and its plugins, as locked"
install_own_npm
PATH=$work/bin:$PATH "$here/openclaw.sh" /opt/openclaw
"$work/bin/node" "$here/npm/complete.mjs" /opt/openclaw
"$here/overlay.sh" / /opt/openclaw
apt clean
systemctl daemon-reload
systemd-tmpfiles --create agents-plane.conf

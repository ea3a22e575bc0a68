#!/bin/sh
# Mends the short way by which OpenClaw resolves the imports between its own files.
#   patch.sh OPENCLAW
# OPENCLAW: node_modules/openclaw. It has a hook that spares Node.js the way over the file system (a stat, the real
# path of each folder above) for some 15 000 imports of a gateway's start. The hook takes names that end in .js, and
# those of 2026.9.6 end in .mjs: it never took one (docs/decisions/073). Fails when another version is not so:
# then look whether this is still needed.
set -eu

before='!specifier.endsWith(".js")'
after='!/\\.m?js$/.test(specifier)'

hook=$(grep -lF "$before" "$1"/dist/entry.esm-resolve-fast-path-*.mjs || true)
if [ ! -f "$hook" ] || [ "$(grep -cF "$before" "$hook")" != 1 ]; then
  echo "infra/image/patch.sh: OpenClaw's short way for imports is not what it was in 2026.9.6" >&2
  exit 1
fi
sed -i "s|!specifier\\.endsWith(\"\\.js\")|$after|" "$hook"

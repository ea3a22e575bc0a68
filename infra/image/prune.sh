#!/bin/sh
# Removes from a plugin's packages what no program reads: type declarations, source maps,
# sample sounds.
#   prune.sh NODE_MODULES
# OpenClaw copies a plugin with everything it depends on, file by file, each time it loads it
# (docs/decisions/073). Licences and readmes stay.
set -eu

find "$1" -type f \( \
  -name '*.ts' -o -name '*.mts' -o -name '*.cts' -o -name '*.map' -o -name '*.wav' \) -delete

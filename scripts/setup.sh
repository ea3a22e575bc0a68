#!/usr/bin/env bash
# From an empty Google Cloud project to a working plane. Run it again at any time: what is done
# already is left alone, whatever stopped the run before.
#   setup.sh [--config plane.toml] [--yes] [--dry-run] [--key-stdin]
# Bash 3.2 (macOS) is enough. Each step is a file in setup/steps; the project itself is the state.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: scripts/setup.sh [options]
  --config FILE   settings (default: plane.toml); asked for what it lacks, unless --yes
  --yes           ask nothing: FILE has to have everything
  --dry-run       say what would be done, change nothing
  --key-stdin     read the organisation's API key for the agents' model from standard input
  --help          this text

Settings and their defaults: docs/admin-guide.md. No key belongs into FILE.
TEXT
}

CONFIG=plane.toml YES='' DRY_RUN='' KEY_STDIN=''
# shellcheck source=scripts/setup/arguments.sh
. "$(dirname "${BASH_SOURCE[0]}")/setup/arguments.sh"
read_arguments '--yes --dry-run --key-stdin' "$@"

export AGENTS_PLANE_HOST_PACKAGES=no
# shellcheck source=scripts/prepare.sh
. "$(dirname "${BASH_SOURCE[0]}")/prepare.sh"
# shellcheck source=scripts/setup/lib.sh
. "$ROOT/scripts/setup/lib.sh"
export YES DRY_RUN
work_folder setup

load_settings "$CONFIG"
if [ -n "$KEY_STDIN" ]; then
  # Held by this process and its pipes alone: no argument, no file, no environment.
  IFS= read -r SHARED_KEY || [ -n "$SHARED_KEY" ] || stop "--key-stdin: standard input has no key"
else
  SHARED_KEY=''
fi

say "Agents Plane in project $PROJECT ($REGION)"
"$BASH" "$ROOT/scripts/setup/step.sh" "$ROOT/scripts/setup/preflight.sh" apply </dev/null ||
  stop "nothing was changed. Mend what is said above and run this again"
CELL_NUMBERS=$(cell_numbers) || stop "the numbers of the cells' projects cannot be told; nothing was changed"
export CELL_NUMBERS

if [ -z "$DRY_RUN" ] && [ -z "$YES" ]; then
  printf 'Set up Agents Plane in %s? [y/N] ' "$PROJECT" >&2
  read -r answer
  case $answer in y | Y | yes) ;; *) stop "nothing was changed" ;; esac
fi

steps=("$ROOT"/scripts/setup/steps/*.sh)
number=0
for step in "${steps[@]}"; do
  number=$((number + 1))
  run_step "$step" "[$number/${#steps[@]}]"
done
if [ -n "$DRY_RUN" ]; then say "Nothing was changed."; else say "Done. The plane: $API_URL"; fi

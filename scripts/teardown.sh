#!/usr/bin/env bash
# Removes what setup.sh and the plane made in a project, and proves that it is gone.
#   teardown.sh [--config plane.toml] [--yes] [--dry-run] [--purge]
# Agents' data disks, secrets and webhooks that wait stay, unless --purge: a plane set up again finds them. Google keeps
# some names for days or weeks, so that the next plane in the project needs another generation (docs/admin-guide.md, Remove).
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: scripts/teardown.sh [options]
  --config FILE   settings that the plane was set up with (default: plane.toml)
  --yes           do not ask
  --dry-run       say what would be removed, change nothing
  --purge         remove the agents' data disks, keys, config and waiting messages too: nobody can undo that
  --help          this text
TEXT
}

CONFIG=plane.toml YES='' DRY_RUN='' PURGE=''
# shellcheck source=scripts/setup/arguments.sh
. "$(dirname "${BASH_SOURCE[0]}")/setup/arguments.sh"
read_arguments '--yes --dry-run --purge' "$@"

export AGENTS_PLANE_HOST_PACKAGES=no
# shellcheck source=scripts/prepare.sh
. "$(dirname "${BASH_SOURCE[0]}")/prepare.sh"
# shellcheck source=scripts/setup/lib.sh
. "$ROOT/scripts/setup/lib.sh"
# shellcheck source=scripts/setup/inventory.sh
. "$ROOT/scripts/setup/inventory.sh"

work_folder teardown

# The file is complete: it was set up with. Nothing is asked about it.
settings=$(YES=1 tool settings "$CONFIG") || exit 1
set -a
eval "$settings"
set +a

# say_kept TEXT: what --purge alone would remove.
say_kept() {
  to_keep <"$WORK/before" >"$WORK/keep"
  if [ -z "$PURGE" ] && [ -s "$WORK/keep" ]; then
    say "$1 (--purge removes it too):"
    sed 's/^/  /' "$WORK/keep" >&2
  fi
}

inventory >"$WORK/before" || stop "the project cannot be looked at; nothing was changed"
to_remove "$PURGE" <"$WORK/before" >"$WORK/remove"
if [ ! -s "$WORK/remove" ]; then
  say "Nothing of Agents Plane is left to remove in project $PROJECT${CELLS:+ and its cells $CELLS}."
  say_kept "This stays"
  exit 0
fi
say "Of the plane in project $PROJECT${CELLS:+ and its cells $CELLS} this will be removed:"
sed 's/^/  /' "$WORK/remove" >&2
say_kept "and this will stay"
if [ -z "$PURGE" ] && [ -s "$WORK/keep" ] && grep -q ' deployment ' "$WORK/remove"; then
  say "The plane's bucket goes, and in it which project each agent is in, the number pool and the WhatsApp backups."
  say "When a plane is set up again, run ./scripts/agents-plane reconcile before you provision anybody, and add the pool's numbers again."
fi
[ -z "$DRY_RUN" ] || { say "Nothing was changed." && exit 0; }
if [ -z "$YES" ]; then
  printf 'Type the name of the project to remove all that: ' >&2
  read -r answer
  [ "$answer" = "$PROJECT" ] || stop "nothing was changed"
fi

total=$(wc -l <"$WORK/remove" | tr -d ' ')
number=0
while read -r project kind name place <&3; do
  number=$((number + 1))
  say "[$number/$total] $project $kind $name"
  PROJECT=$project remove "$kind" "$name" "$place" </dev/null >/dev/null 2>"$WORK/removing" || {
    # Somebody was faster, or an earlier run was: gone is gone.
    grep -qiE "$NOT_THERE" "$WORK/removing" || {
      cat "$WORK/removing" >&2
      stop "$kind $name could not be removed. Run this again: what is gone stays gone"
    }
  }
done 3<"$WORK/remove"

inventory >"$WORK/after" || stop "removed, but the project cannot be looked at to prove it"
to_remove "$PURGE" <"$WORK/after" >"$WORK/left"
if [ -s "$WORK/left" ]; then
  sed 's/^/  /' "$WORK/left" >&2
  stop "this is still there. Run this again"
fi
say "Done. Nothing with our label is left$([ -n "$PURGE" ] || echo ', but what was to stay')."
# Not before: the generation of a plane that stands must not be raised.
if grep -q ' deployment ' "$WORK/remove"; then
  say "To set a plane up in project $PROJECT again within five weeks, put 'generation = $((GENERATION + 1))' into the settings: Google keeps some names that long."
fi

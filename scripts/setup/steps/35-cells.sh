# Projects that hold agents besides the plane's own: their APIs, and infra/cell applied to each.
# shellcheck shell=bash
# shellcheck source=scripts/setup/infra.sh
. "$ROOT/scripts/setup/infra.sh"

CELL_STEPS="10-apis 20-deployer 30-infra"

title() { echo "Make the cells' projects ready (some minutes each)"; }
advice() {
  echo "You need to be an owner of each of: ${CELLS// /, }."
  infra_advice
}

check() {
  local cell step
  for cell in $CELLS; do
    for step in $CELL_STEPS; do in_cell "$cell" "$step" check || return $?; done
  done
}

apply() {
  local cell step
  for cell in $CELLS; do
    for step in $CELL_STEPS; do
      in_cell "$cell" "$step" check >/dev/null 2>&1 </dev/null && continue
      say "  $cell: $(in_cell "$cell" "$step" title)"
      in_cell "$cell" "$step" apply </dev/null
    done
  done
}

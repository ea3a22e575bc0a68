# Who may call which function, and what watches them: the part of infra/ that needs the functions to be there.
# shellcheck shell=bash
# shellcheck source=scripts/setup/infra.sh
. "$ROOT/scripts/setup/infra.sh"

title() { echo "Say who may call the functions"; }
advice() { infra_advice; }
check() { pages_are_public && infra_is "$API_URL"; }
apply() {
  open_pages || return 1
  infra_apply "$API_URL"
}

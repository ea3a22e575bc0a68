# Who may call which function, and what watches them: the part of infra/ that needs the functions to be there.
# shellcheck shell=bash
# shellcheck source=scripts/setup/infra.sh
. "$ROOT/scripts/setup/infra.sh"

title() { echo "Say who may call the functions"; }
advice() { infra_advice; }
check() { infra_is "$API_URL"; }
apply() { infra_apply "$API_URL"; }

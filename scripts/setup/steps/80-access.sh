# Who may call which function, and what watches them: the part of infra/ that needs the functions to be there.
# shellcheck shell=bash
# shellcheck source=scripts/setup/infra.sh
. "$ROOT/scripts/setup/infra.sh"

title() { echo "Say who may call the functions"; }
advice() {
  infra_advice
  echo "Where an organisation policy (run.managed.requireInvokerIam) keeps function pages closed, its administrator has to make an exception for $PROJECT: owners open the pairing page without signing in."
}
check() { pages_are_public && infra_is "$API_URL"; }
apply() {
  make_pages_public
  infra_apply "$API_URL"
}

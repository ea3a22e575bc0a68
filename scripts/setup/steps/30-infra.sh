# Network, firewall, accounts, roles, bucket, alerts: infra/ as it is.
# shellcheck shell=bash
# shellcheck source=scripts/setup/infra.sh
. "$ROOT/scripts/setup/infra.sh"

title() { echo "Apply infra/ (some minutes)"; }
advice() { infra_advice; }
# The later apply says who may call the functions; it holds everything that this one makes.
check() { infra_is "" || infra_is "$API_URL"; }

# On a plane that runs already, its callers must not be shut out meanwhile.
apply() {
  local service url=$API_URL
  while read -r _ service; do
    look functions describe "$service" --region="$REGION" --format='value(name)' >/dev/null || url=""
  done <<<"$(tool functions)"
  infra_apply "$url"
}

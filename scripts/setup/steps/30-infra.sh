# Network, firewall, accounts, roles, bucket, alerts: infra/ as it is.
# shellcheck shell=bash
# shellcheck source=scripts/setup/infra.sh
. "$ROOT/scripts/setup/infra.sh"
# shellcheck source=scripts/setup/deployed.sh
. "$ROOT/scripts/setup/deployed.sh"

title() { echo "Apply infra/ (some minutes)"; }
advice() { infra_advice; }
# The later apply says who may call the functions; it holds everything that this one makes.
check() { infra_is "" "$API_URL"; }

# On a plane that runs already, its callers must not be shut out meanwhile.
apply() {
  local deployed service url=$API_URL
  # A cell has none.
  if [ -z "${CELL:-}" ]; then
    deployed=$(deployed) || return 2
    while read -r _ service; do
      grep -q "^$service;" <<<"$deployed" || url=""
    done <<<"$(tool functions)"
    # Before Terraform takes away what lets people in there on the planes of earlier releases.
    if [ -n "$url" ]; then open_pages || return 1; fi
  fi
  infra_apply "$url"
}

# The functions. Nobody may call a new one until infra/access.tf says who (the next step).
# shellcheck shell=bash
# shellcheck source=scripts/setup/deployed.sh
. "$ROOT/scripts/setup/deployed.sh"

title() { echo "Deploy the functions"; }
advice() { echo "The build's log: https://console.cloud.google.com/cloud-build/builds;region=$REGION?project=$PROJECT"; }

check() {
  local deployed service hash
  hash=$(tool functions-hash) || return 2
  deployed=$(deployed) || return 2
  while read -r _ service; do
    grep -qx "$service;ACTIVE;$hash" <<<"$deployed" || return 1
  done <<<"$(tool functions)"
}

apply() {
  local deployed entry service hash memory
  hash=$(tool functions-hash)
  deployed=$(deployed) || return 2
  memory=$(tool functions-memory)
  tool functions-env >"$WORK/functions.yaml"
  while read -r entry service; do
    grep -qx "$service;ACTIVE;$hash" <<<"$deployed" && continue
    say "  $service"
    # Standard input is the list of functions: gcloud must not read it.
    gc functions deploy "$service" --gen2 --region="$REGION" --runtime=nodejs24 --trigger-http \
      --source="$ROOT/dist/functions" --entry-point="$entry" --memory="$memory" --timeout=120s --concurrency=20 --cpu=1 \
      --max-instances=20 --service-account="$PLANE_ACCOUNT" --build-service-account="projects/$PROJECT/serviceAccounts/$BUILD_ACCOUNT" \
      --env-vars-file="$WORK/functions.yaml" --update-labels="managed-by=agents-plane,agents-plane-source=$hash" </dev/null >/dev/null
  done <<<"$(tool functions)"
}

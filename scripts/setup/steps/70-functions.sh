# The functions. Nobody may call a new one until infra/access.tf says who (the next step).
# shellcheck shell=bash

title() { echo "Deploy the functions"; }
advice() { echo "The build's log: https://console.cloud.google.com/cloud-build/builds;region=$REGION?project=$PROJECT"; }

check() {
  local entry service hash
  hash=$(tool functions-hash) || return 2
  while read -r entry service; do
    is "ACTIVE;$hash" functions describe "$service" --region="$REGION" \
      --format='value[separator=";"](state,labels.agents-plane-source)' || return $?
  done <<<"$(tool functions)"
}

apply() {
  local entry service hash memory
  hash=$(tool functions-hash)
  memory=$(tool functions-memory)
  tool functions-env >"$WORK/functions.yaml"
  while read -r entry service; do
    is "ACTIVE;$hash" functions describe "$service" --region="$REGION" \
      --format='value[separator=";"](state,labels.agents-plane-source)' && continue
    say "  $service"
    # Standard input is the list of functions: gcloud must not read it.
    gc functions deploy "$service" --gen2 --region="$REGION" --runtime=nodejs24 --trigger-http \
      --source="$ROOT/dist/functions" --entry-point="$entry" --memory="$memory" --timeout=120s --concurrency=20 --cpu=1 \
      --max-instances=20 --service-account="$PLANE_ACCOUNT" --build-service-account="projects/$PROJECT/serviceAccounts/$BUILD_ACCOUNT" \
      --env-vars-file="$WORK/functions.yaml" --update-labels="managed-by=agents-plane,agents-plane-source=$hash" </dev/null >/dev/null
  done <<<"$(tool functions)"
}

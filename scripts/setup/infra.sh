# Applying infra/ through Infrastructure Manager: sourced by the two steps that do.
# shellcheck shell=bash

infra_advice() {
  echo "The log of the run: https://console.cloud.google.com/cloud-build/builds?project=$PROJECT"
  echo "Google needs a minute to know a new service account: running this again is often enough."
}

# infra_is API_URL...: whether what is applied is today's infra/ with the inputs of one of these.
infra_is() {
  local found hashes hash
  hashes=$(tool infra-hash "$@") || return 2
  found=$(look infra-manager deployments describe "$DEPLOYMENT" --location="$REGION" \
    --format='value[separator=";"](state,labels.agents-plane-source)') || return $?
  for hash in $hashes; do
    [ "$found" != "ACTIVE;$hash" ] || return 0
  done
  return 1
}

infra_apply() {
  # What another project was given is no part of this one's.
  rm -rf "$WORK/infra"
  tool infra-files "$WORK/infra"
  tool infra-inputs "$1" >"$WORK/inputs.tfvars"
  gc infra-manager deployments apply "$DEPLOYMENT" --location="$REGION" --local-source="$WORK/infra" \
    --inputs-file="$WORK/inputs.tfvars" --service-account="projects/$PROJECT/serviceAccounts/$(deployer)" \
    --labels="managed-by=agents-plane,agents-plane-source=$(tool infra-hash "$1")" >/dev/null
}

# Enables the APIs that the plane, its agents and setup itself call.
# shellcheck shell=bash

# admin is the Directory, which a plane with `directory_as` reads.
APIS="admin artifactregistry billingbudgets cloudbilling cloudbuild cloudfunctions cloudkms \
cloudresourcemanager cloudscheduler cloudtasks compute config gmail iam iamcredentials iap logging monitoring pubsub \
run secretmanager serviceusage storage"
# What agents call in their own project, and what applies infra/cell there.
[ -z "${CELL:-}" ] || APIS="cloudbuild cloudresourcemanager compute config iam iap logging monitoring pubsub \
secretmanager serviceusage storage"

title() { echo "Enable Google's APIs"; }
advice() { echo "Billing has to be on, and you need roles/serviceusage.serviceUsageAdmin."; }

check() {
  local enabled api
  enabled=$(gc services list --enabled --format='value(config.name)') || return 2
  for api in $APIS; do
    grep -qx "$api.googleapis.com" <<<"$enabled" || return 1
  done
}

apply() {
  local names=() api
  for api in $APIS; do names+=("$api.googleapis.com"); done
  gc services enable "${names[@]}"
}

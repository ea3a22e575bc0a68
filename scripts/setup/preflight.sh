# Looks at everything that could stop setup later, and changes nothing.
# shellcheck shell=bash

# The version that was tried; older ones lack the runtime nodejs24.
GCLOUD_MIN=528

PERMISSIONS="resourcemanager.projects.get resourcemanager.projects.getIamPolicy \
resourcemanager.projects.setIamPolicy serviceusage.services.enable iam.serviceAccounts.create \
iam.serviceAccounts.actAs config.deployments.create cloudfunctions.functions.create \
run.services.update run.services.setIamPolicy storage.buckets.create storage.objects.create secretmanager.secrets.create \
secretmanager.versions.add compute.regions.get"

problems=0
problem() {
  problems=$((problems + 1))
  say "  - $1"
}

tools() {
  local command
  for command in gcloud curl node; do
    command -v "$command" >/dev/null || stop "$command is missing: install it and run this again"
  done
}

# Both are asked for once: each call of gcloud is a second or two of somebody's time.
TOKEN=''
login() {
  local found version account
  found=$(gcloud info --format='value[separator=" "](basic.version,config.account)') || stop "gcloud does not run"
  read -r version account <<<"$found"
  [ "${version%%.*}" -ge "$GCLOUD_MIN" ] ||
    stop "gcloud $version is too old: run 'gcloud components update' (at least $GCLOUD_MIN)"
  [ -n "$account" ] || stop "not signed in: run 'gcloud auth login'"
  TOKEN=$(gcloud auth print-access-token 2>/dev/null) || stop "the sign-in has expired: run 'gcloud auth login'"
}

project() {
  local found status=0
  found=$(look projects describe "$PROJECT" --format='value(lifecycleState)') || status=$?
  [ "$status" = 0 ] || stop "project $PROJECT does not exist, or you may not see it"
  [ "$found" = ACTIVE ] || stop "project $PROJECT is $found"
}

billing() {
  is True billing projects describe "$PROJECT" --format='value(billingEnabled)' ||
    problem "billing is off: link a billing account to $PROJECT (https://console.cloud.google.com/billing/projects)"
}

permissions() {
  local missing
  # shellcheck disable=SC2086
  missing=$(printf '%s' "$TOKEN" | tool missing-permissions "$PROJECT" $PERMISSIONS) ||
    stop "could not ask which permissions you have"
  [ -z "$missing" ] || problem "you lack $missing: ask an owner of $PROJECT, or be one"
}

# What carries our names but not our label belongs to somebody else, and is left alone.
foreign_plane() {
  local status=0
  look infra-manager deployments describe "$DEPLOYMENT" --location="$REGION" --format='value(name)' >/dev/null || status=$?
  [ "$status" != 2 ] || stop "the project cannot be looked at"
  [ "$status" = 1 ] || return 0
  if look iam service-accounts describe "$PLANE_ACCOUNT" --format='value(email)' >/dev/null; then
    problem "service account $PLANE_ACCOUNT exists, and was not made by this: rename or delete it"
  fi
  if look storage buckets describe "gs://$BUCKET" --format='value(name)' >/dev/null; then
    problem "bucket $BUCKET exists, and was not made by this: rename or delete it"
  fi
}

foreign_key() {
  local status=0 label
  label=$(look secrets describe "$SHARED_KEY_SECRET" --format='value(labels.managed-by)') || status=$?
  if [ "$status" = 0 ] && [ "$label" != agents-plane ]; then
    problem "secret $SHARED_KEY_SECRET exists without label managed-by=agents-plane in $PROJECT: it is somebody else's"
  fi
}

quotas() {
  local short
  short=$(gc compute regions describe "$REGION" --format=json 2>/dev/null | tool short-quotas) || return 0
  [ -z "$short" ] || problem "quota of $PROJECT in $REGION: $short (https://console.cloud.google.com/iam-admin/quotas)"
}

title() { echo "Looking before anything changes"; }
advice() { :; }
check() { return 1; }
# judged LOOK: 1 when it found a problem.
judged() {
  "$1"
  [ "$problems" = 0 ]
}

# All that counts in every project that holds agents, of PROJECT.
any_project() {
  local part
  for part in billing permissions foreign_key quotas; do beside judged "$part"; done
}

apply() {
  local each
  tools
  login
  for each in $PROJECT $CELLS; do PROJECT=$each beside project; done
  together || return 1
  for each in $PROJECT $CELLS; do PROJECT=$each any_project; done
  beside judged foreign_plane
  together || return 1
}

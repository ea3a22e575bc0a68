# The service account with whose rights Infrastructure Manager applies infra/.
# shellcheck shell=bash

ROLES="config.agent compute.networkAdmin compute.securityAdmin iam.roleAdmin iam.serviceAccountAdmin \
iam.serviceAccountUser resourcemanager.projectIamAdmin run.admin storage.admin logging.configWriter monitoring.editor \
cloudscheduler.admin cloudtasks.queueAdmin cloudkms.admin"
# infra/cell has neither functions nor buckets.
[ -z "${CELL:-}" ] || ROLES="config.agent compute.networkAdmin compute.securityAdmin iam.roleAdmin \
resourcemanager.projectIamAdmin logging.configWriter monitoring.editor"

title() { echo "Make the deployer's service account"; }
advice() { echo "You need to be an owner of $PROJECT, or roles/iam.serviceAccountAdmin and roles/resourcemanager.projectIamAdmin${BILLING_ACCOUNT:+; and roles/billing.admin on billing account $BILLING_ACCOUNT}."; }

missing_roles() {
  local held role
  held=$(gc projects get-iam-policy "$PROJECT" --flatten='bindings[].members' \
    --filter="bindings.members:serviceAccount:$(deployer)" --format='value(bindings.role)') || return 2
  for role in $ROLES; do
    grep -qx "roles/$role" <<<"$held" || echo "roles/$role"
  done
}

BUDGET_ROLE=roles/billing.costsManager

may_budget() {
  local held
  [ -n "$BILLING_ACCOUNT" ] || return 0
  held=$(billing_roles) || return 2
  grep -qx "$BUDGET_ROLE" <<<"$held"
}

check() {
  local missing
  look iam service-accounts describe "$(deployer)" --format='value(email)' >/dev/null || return $?
  missing=$(missing_roles) || return 2
  [ -z "$missing" ] || return 1
  may_budget
}

apply() {
  look iam service-accounts describe "$(deployer)" --format='value(email)' >/dev/null ||
    gc iam service-accounts create "agents-plane-deploy" --display-name='Agents Plane: deployer'
  # shellcheck disable=SC2046,SC2086
  change_policy policy-with "serviceAccount:$(deployer)" $(printf 'roles/%s ' $ROLES)
  if [ -n "$BILLING_ACCOUNT" ]; then
    gc billing accounts add-iam-policy-binding "$BILLING_ACCOUNT" --member="serviceAccount:$(deployer)" --role="$BUDGET_ROLE" >/dev/null
  fi
}

# Everything that is ours in the project and the cells', and how each kind is removed: sourced by teardown.sh.
# One a line: PROJECT KIND NAME [PLACE], in the order in which it has to be removed.
# shellcheck shell=bash

LABELLED='labels.managed-by=agents-plane'

# listed KIND gcloud...: each line that gcloud prints, behind PROJECT and its kind. What cannot be listed is not
# taken for absent: that fails. Only an API that was never enabled has nothing.
listed() {
  local kind=$1 found line said
  shift
  said=$(mktemp "$WORK/listing.XXXXXX")
  if ! found=$(gc "$@" 2>"$said"); then
    if grep -q SERVICE_DISABLED "$said"; then return 0; fi
    cat "$said" >&2
    return 1
  fi
  [ -n "$found" ] || return 0
  while IFS= read -r line; do echo "$PROJECT $kind $line"; done <<<"$found"
}

# The functions go first: they would make agents anew. The cells go before the plane's account, whose rights there
# are theirs to take back: Terraform does not find a member that is called deleted: by then.
inventory() {
  local each
  listed function functions list --v2 --regions="$REGION" --filter="$LABELLED" --format='value(name.basename())' || return 1
  for each in $CELLS $PROJECT; do PROJECT=$each inventory_of || return 1; done
}

# Of PROJECT, all at once.
inventory_of() {
  beside listed instance compute instances list --filter="$LABELLED" --format='value(name,zone.basename())'
  # After the instances, which read from them: the agents' webhooks, a subscription and its topic each.
  beside listed subscription pubsub subscriptions list --filter="$LABELLED" --format='value(name.basename())'
  beside listed topic pubsub topics list --filter="$LABELLED" --format='value(name.basename())'
  # What VMs boot from, where infra/image/gce made it: the recipe makes it anew.
  beside listed image compute images list --no-standard-images --filter="$LABELLED" --format='value(name)'
  beside listed disk compute disks list --filter="$LABELLED" --format='value(name,zone.basename())'
  beside listed secret secrets list --filter="$LABELLED" --format='value(name.basename())'
  # The mark that the plane gives its agents' accounts, which have no labels: functions/core/foreign.ts.
  beside listed account iam service-accounts list --filter='description~^managed-by=agents-plane' --format='value(email)'
  beside listed deployment infra-manager deployments list --location="$REGION" --filter="$LABELLED" --format='value(name.basename())'
  beside listed deployer iam service-accounts list --filter="email=$(deployer)" --format='value(email)'
  together
}

# Boot disks go with their instances; data disks, secrets and what waits for the agents are their own.
is_kept() { case $1 in subscription | topic | disk | secret) true ;; *) false ;; esac; }

to_keep() {
  local each kind rest
  while read -r each kind rest; do if is_kept "$kind"; then echo "$each $kind $rest"; fi; done
}

# to_remove PURGE
to_remove() {
  local each kind rest
  while read -r each kind rest; do
    if [ -n "$1" ] || ! is_kept "$kind"; then echo "$each $kind $rest"; fi
  done
}

# remove KIND NAME PLACE: from PROJECT.
remove() {
  case $1 in
    function) gc functions delete "$2" --gen2 --region="$REGION" ;;
    instance) gc compute instances delete "$2" --zone="$3" ;;
    subscription) gc pubsub subscriptions delete "$2" ;;
    topic) gc pubsub topics delete "$2" ;;
    image) gc compute images delete "$2" ;;
    disk) gc compute disks delete "$2" --zone="$3" ;;
    secret) gc secrets delete "$2" ;;
    account) gc iam service-accounts delete "$2" ;;
    deployment) gc infra-manager deployments delete "$2" --location="$REGION" --delete-policy=DELETE ;;
    deployer) remove_deployer "$2" ;;
    *) stop "there is no way to remove a $1" ;;
  esac
}

# Its roles first: of an account that is gone, a member stays in the policy for ever. In the billing account it is
# only in the plane's own project.
remove_deployer() {
  local held role
  held=$(billing_roles) || return 1
  for role in $held; do
    gc billing accounts remove-iam-policy-binding "$BILLING_ACCOUNT" --member="serviceAccount:$1" --role="$role" || return 1
  done
  change_policy policy-without "serviceAccount:$1" || return 1
  gc iam service-accounts delete "$1"
}

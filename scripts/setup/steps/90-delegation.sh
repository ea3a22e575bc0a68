# Domain-wide delegation for mail: the one thing that only a Workspace admin can do, by hand.
# shellcheck shell=bash

title() { echo "Mail: domain-wide delegation"; }
advice() { echo "Check client id and scopes in the Admin console; a new delegation can take some minutes. Where it says that you may not sign, run this again later."; }

# Who sets this up, as a policy names them.
me() {
  local account
  account=$(gcloud config get-value account 2>/dev/null) || return 1
  case $account in
    *.gserviceaccount.com) printf 'serviceAccount:%s' "$account" ;;
    *) printf 'user:%s' "$account" ;;
  esac
}

# Who may sign as the plane at the moment: whoever sets this up, or nobody.
SIGNS=''

# Takes that right back, and is not to be interrupted in it. A policy that others write too can refuse a write.
withdraw() {
  local tries=0 said
  [ -n "$SIGNS" ] || return 0
  trap '' INT TERM
  until said=$(gc iam service-accounts remove-iam-policy-binding "$PLANE_ACCOUNT" --member="$SIGNS" --role="$SIGNER" --condition=None 2>&1 >/dev/null) ||
    grep -q 'binding.* not found' <<<"$said"; do
    tries=$((tries + 1))
    if [ "$tries" = 4 ]; then
      say "$said"
      say "agents-plane: $SIGNS still has role $SIGNER on $PLANE_ACCOUNT. Run this again, or take it away."
      return 1
    fi
    sleep "$tries"
  done
  SIGNS=''
}

# Real calls: sign as the plane, become the sender, list one message; read one person where the plane reads the
# Directory. What stands against it goes to a file.
trial() {
  gcloud auth print-access-token | tool delegation-works "$PLANE_ACCOUNT" "$MAIL_FROM" >"$WORK/delegation" 2>&1
}

# wait_for_it CLIENT SCOPES: until a trial succeeds. Two things take their time: the right to sign, which IAM passes on
# within minutes, and the administrator, to whom nothing is said where all is well already.
wait_for_it() {
  local tries=0 said=''
  until trial; do
    tries=$((tries + 1))
    if [ "$tries" = 1 ]; then
      say "  The one step by hand, unless it is done. As an administrator of Google Workspace, open"
      say "    https://admin.google.com/ac/owl/domainwidedelegation?clientIdToAdd=$1&clientScopeToAdd=$2&overwriteClientId=true"
      say "  and authorise (or enter by hand: client id $1, scopes $2)."
      say "  Waiting for it, up to half an hour..."
    fi
    if [ "$said" != "$(cat "$WORK/delegation")" ]; then
      said=$(cat "$WORK/delegation")
      say "  $said"
    fi
    if [ "$tries" -ge "$DELEGATION_TRIES" ]; then
      say "The plane cannot send mail as $MAIL_FROM yet, for the reason above."
      return 1
    fi
    sleep 10
  done
}

# A trial takes a right that is in force only minutes later: one a run, and its success is remembered for as long as the run.
check() { [ -f "$WORK/delegated" ]; }

# The right to sign is given once and lasts as long as the wait, however that ends.
apply() {
  local client scopes status=0
  client=$(gc iam service-accounts describe "$PLANE_ACCOUNT" --format='value(uniqueId)')
  scopes=$(tool scopes)
  trap withdraw EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  SIGNS=$(me)
  if gc iam service-accounts add-iam-policy-binding "$PLANE_ACCOUNT" --member="$SIGNS" --role="$SIGNER" --condition=None >/dev/null; then
    wait_for_it "$client" "$scopes" || status=$?
    withdraw || status=2
  else
    SIGNS='' status=2
  fi
  trap - EXIT INT TERM
  [ "$status" != 0 ] || touch "$WORK/delegated"
  return "$status"
}

# Domain-wide delegation for mail: the one thing that only a Workspace admin can do, by hand.
# shellcheck shell=bash

SIGNER="projects/$PROJECT/roles/agentsPlaneSigner"

title() { echo "Mail: domain-wide delegation"; }
advice() { echo "Check client id and scopes in the Admin console; a new delegation can take some minutes."; }

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
# Directory. The right to sign lasts as long as that, however it ends.
works() {
  local status=0
  trap withdraw EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  SIGNS=$(me)
  if gc iam service-accounts add-iam-policy-binding "$PLANE_ACCOUNT" --member="$SIGNS" --role="$SIGNER" --condition=None >/dev/null; then
    gcloud auth print-access-token | tool delegation-works "$PLANE_ACCOUNT" "$MAIL_FROM" >"$WORK/delegation" 2>&1 || status=$?
    withdraw || status=2
  else
    SIGNS='' status=2
  fi
  trap - EXIT INT TERM
  return "$status"
}

# Trying it takes a right for a moment, and a dry run changes nothing.
check() { [ -z "$DRY_RUN" ] && works; }

apply() {
  local client scopes tries=0
  client=$(gc iam service-accounts describe "$PLANE_ACCOUNT" --format='value(uniqueId)')
  scopes=$(tool scopes)
  say "  The one step by hand. As an administrator of Google Workspace, open"
  say "    https://admin.google.com/ac/owl/domainwidedelegation?clientIdToAdd=$client&clientScopeToAdd=$scopes&overwriteClientId=true"
  say "  and authorise (or enter by hand: client id $client, scopes $scopes)."
  say "  Waiting for it..."
  until works; do
    tries=$((tries + 1))
    [ "$tries" -lt "$DELEGATION_TRIES" ] || {
      cat "$WORK/delegation" >&2
      stop "Google does not let the plane send mail as $MAIL_FROM yet"
    }
    sleep 10
  done
}

# Applying infra/ through Infrastructure Manager: sourced by the two steps that do.
# shellcheck shell=bash

infra_advice() {
  echo "What Terraform said is above; the log of the run: https://console.cloud.google.com/cloud-build/builds?project=$PROJECT"
  echo "Google needs some minutes to know a new service account and its roles: where it says 403, or that an account does not exist, run this again."
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

# Function `pages` is called by people who are signed in to nothing. Cloud Functions knows no such setting, and a new
# deployment may lose it: it is looked at, and put right, in each run.
pages_are_public() {
  local found
  found=$(gcloud auth print-access-token | tool pages-are-public) || return 2
  [ "$found" = true ]
}
make_pages_public() {
  if ! pages_are_public; then gcloud auth print-access-token | tool make-pages-public; fi
}
# Seconds before each next look: Cloud Run answers before it has carried that out.
NEXT_LOOKS='2 3 5 10 20'
pages_become_public() {
  local wait
  make_pages_public || return 1
  for wait in $NEXT_LOOKS; do
    if pages_are_public; then return 0; fi
    sleep "$wait"
  done
  pages_are_public
}
# Before each apply of infra/ that takes away who could open them before: earlier releases said allUsers there.
open_pages() {
  if pages_become_public; then return 0; fi
  say "Function pages cannot be opened for everybody, and infra/ was left as it is: Google's reason is above."
  say "Where an organisation policy (run.managed.requireInvokerIam) keeps function pages closed, its administrator has to make an exception for $PROJECT: owners open the pairing page without signing in."
  return 1
}

# newest_revision FORMAT FLAG...: of the deployment; there is none before its first apply.
newest_revision() {
  local format=$1
  shift
  look infra-manager revisions list --deployment="$DEPLOYMENT" --location="$REGION" --sort-by=~createTime --limit=1 \
    --format="$format" "$@" || [ $? = 1 ]
}

# The generation that what stands here was applied with; nothing where no apply came to its end. Releases that knew no
# generation made the names of the first.
standing_generation() {
  local found
  found=$(newest_revision 'value[separator=";"](state,terraformBlueprint.inputValues.generation.inputValue)' --filter=state=APPLIED) ||
    return 2
  case $found in
    '') ;;
    *';') echo 1 ;;
    # JSON knows no whole numbers: it may say 2.0.
    *)
      found=${found#*;}
      echo "${found%.0}"
      ;;
  esac
}

# same_generation STANDING: other names are other things. Terraform would put a new key and a new queue in the place of
# those that are used, and what the old key encrypted could not be read any more.
same_generation() {
  if [ -z "$1" ] || [ "$1" = "$GENERATION" ]; then return 0; fi
  say "The plane in project $PROJECT was set up with 'generation = $1', and the settings say $GENERATION: nothing was applied."
  say "Another generation is for a new plane, after a teardown. For this one put 'generation = $1' into the settings, above any [table], and run this again."
  return 1
}

# kept_advice STANDING: a plane that stands must keep its generation.
kept_advice() {
  say "Google keeps that name of the plane that was here before (a queue's for days, a role's for five weeks, a key ring's for ever)."
  if [ -n "$1" ]; then
    say "The plane that stands here keeps its 'generation', so that this one thing cannot be made now: take back the setting that asks for it (kms, for a key ring), or run this again when Google has let go of the name."
  else
    say "Put 'generation = $((GENERATION + 1))' into the settings, above any [table], and run this again: the new plane then has names of its own."
  fi
}

# What Terraform says when Google does not know yet what was made a moment ago, a metric for instance.
NOT_YET='Cannot find metric\(s\) that match'
# Seconds before each next try. Google says ten minutes.
NEXT_TRIES='30 60 90 120 150 150'

# The audit log that a teardown deleted less than a week ago is still there, cannot be changed, and can be had back.
undelete_audit_log() {
  local state
  state=$(look logging buckets describe "$AUDIT_BUCKET" --location="$REGION" --format='value(lifecycleState)') || [ $? = 1 ]
  [ "$state" != DELETE_REQUESTED ] || gc logging buckets undelete "$AUDIT_BUCKET" --location="$REGION"
}

# What Terraform says of a name that Google keeps after a teardown: of a queue, a role, a key ring.
NAME_KEPT='existed too recently|marked for deletion|KeyRing .*already exists'

# infra_apply API_URL. A run that failed is explained by its revision: gcloud only says which that was.
infra_apply() {
  local before after why wait terraform standing
  standing=$(standing_generation) || return 2
  same_generation "$standing" || return 1
  # What another project was given is no part of this one's.
  rm -rf "$WORK/infra"
  tool infra-files "$WORK/infra"
  tool infra-inputs "$1" >"$WORK/inputs.tfvars"
  terraform=$(tool infra-terraform)
  undelete_audit_log
  for wait in $NEXT_TRIES ''; do
    before=$(newest_revision 'value(name)')
    if gc infra-manager deployments apply "$DEPLOYMENT" --location="$REGION" --local-source="$WORK/infra" \
      --inputs-file="$WORK/inputs.tfvars" --tf-version-constraint="$terraform" --service-account="projects/$PROJECT/serviceAccounts/$(deployer)" \
      --labels="managed-by=agents-plane,agents-plane-source=$(tool infra-hash "$1")" >/dev/null; then
      return 0
    fi
    after=$(newest_revision 'value(name)')
    # It came to no run: gcloud has said why.
    [ "$after" != "$before" ] || return 1
    why=$(newest_revision 'value(tfErrors[].errorDescription)')
    if [ -z "$wait" ] || ! grep -qE "$NOT_YET" <<<"$why"; then
      say "$why"
      if grep -qE "$NAME_KEPT" <<<"$why"; then kept_advice "$standing"; fi
      return 1
    fi
    say "  Google does not know yet what was made a moment ago (that can take ten minutes): again in $wait seconds"
    sleep "$wait"
  done
}

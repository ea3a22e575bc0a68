# Sourced by setup.sh, teardown.sh and every step. Needs bash 3.2, gcloud, node on PATH.
# shellcheck shell=bash

say() { printf '%s\n' "$*" >&2; }

stop() {
  say "agents-plane: $*"
  exit 1
}

# gcloud, in the project, asking nothing. test/setup/gcloud-calls.test.ts lists what is called.
gc() { gcloud --quiet --project="$PROJECT" "$@"; }

# What gcloud says when there is no such thing. 404 as a word: it may be in a number, or in a name, acme-404.
NOT_THERE='NOT_FOUND|not found|does not exist|(^|[^[:alnum:]-])404([^[:alnum:]-]|$)'

# Prints what gcloud says; 1 when there is no such thing, 2 (with gcloud's words) when it cannot be told.
look() {
  local out said status=0
  # A file of its own: others look beside it.
  said=$(mktemp "$WORK/look.XXXXXX")
  out=$(gc "$@" 2>"$said") || status=$?
  if [ "$status" = 0 ]; then
    printf '%s' "$out"
    return 0
  fi
  if grep -qiE "$NOT_THERE" "$said"; then return 1; fi
  # An API that is not enabled yet has nothing in it.
  if grep -qE 'SERVICE_DISABLED|has not been used in project' "$said"; then return 1; fi
  cat "$said" >&2
  return 2
}

# beside COMMAND...: starts it; gcloud waits for most of its time. Nothing that it sets is kept.
BESIDE=0
beside() {
  BESIDE=$((BESIDE + 1))
  "$@" >"$WORK/beside.$BESIDE" 2>"$WORK/beside.$BESIDE.said" </dev/null &
  eval "BESIDE_$BESIDE=\$!"
}

# Waits for all that was started, and prints what they printed in the order in which they were. 1 when one failed.
together() {
  local number=0 job failed=0
  while [ "$number" -lt "$BESIDE" ]; do
    number=$((number + 1))
    job=BESIDE_$number
    wait "${!job}" || failed=1
    cat "$WORK/beside.$number"
    cat "$WORK/beside.$number.said" >&2
  done
  BESIDE=0
  return "$failed"
}

# is VALUE gcloud...: whether gcloud prints exactly that.
is() {
  local wanted=$1 found status=0
  shift
  found=$(look "$@") || status=$?
  [ "$status" = 2 ] && return 2
  [ "$status" = 0 ] && [ "$found" = "$wanted" ]
}

# The programs of setup that are no shell: settings, names, the environment of the functions. A run starts a dozen:
# what Node.js makes of their text is kept.
tool() {
  NODE_COMPILE_CACHE="$ROOT/node_modules/.cache/agents-plane" \
    node --disable-warning=ExperimentalWarning "$ROOT/scripts/setup/tool.ts" "$@"
}

# Reads the settings into variables. The file holds no secret, and neither do they.
load_settings() {
  local lines
  lines=$(tool settings "$1") || exit 1
  set -a
  eval "$lines"
  set +a
}

# change_policy TOOL ARGUMENTS...: the project's policy as that tool of setup makes it, in one write. The etag in it
# makes Google refuse a write when somebody else was faster: then it is read anew.
change_policy() {
  local tries=0
  until gc projects get-iam-policy "$PROJECT" --format=json | tool "$@" >"$WORK/policy.json" &&
    gc projects set-iam-policy "$PROJECT" "$WORK/policy.json" >/dev/null 2>"$WORK/policy.said"; do
    tries=$((tries + 1))
    if [ "$tries" = 4 ]; then
      cat "$WORK/policy.said" >&2
      return 1
    fi
    sleep "$tries"
  done
}

# The account with whose rights infra/ is applied in PROJECT.
deployer() { printf 'agents-plane-deploy@%s.iam.gserviceaccount.com' "$PROJECT"; }

# Roles that the deployer has in the billing account, of which settings may name one: a budget is made there.
billing_roles() {
  [ -n "$BILLING_ACCOUNT" ] || return 0
  gc billing accounts get-iam-policy "$BILLING_ACCOUNT" --flatten='bindings[].members' \
    --filter="bindings.members:serviceAccount:$(deployer)" --format='value(bindings.role)'
}

# in_cell CELL STEP FUNCTION: a step of setup, in a project that holds agents besides the plane's own.
in_cell() {
  PROJECT=$1 CELL=$1 BILLING_ACCOUNT='' \
    "$BASH" "$ROOT/scripts/setup/step.sh" "$ROOT/scripts/setup/steps/$2.sh" "$3"
}

# Numbers of the cells' projects, a comma list: by these the plane's project knows their accounts.
cell_numbers() {
  local cell number all=''
  for cell in $CELLS; do
    number=$(gc projects describe "$cell" --format='value(projectNumber)') || return 1
    all="$all${all:+,}$number"
  done
  printf '%s' "$all"
}

# run_step FILE PREFIX: looks, does, looks again.
run_step() {
  local file=$1 prefix=$2 title key='' status=0
  title=$("$BASH" "$ROOT/scripts/setup/step.sh" "$file" title)
  "$BASH" "$ROOT/scripts/setup/step.sh" "$file" check >/dev/null 2>"$WORK/check" </dev/null || status=$?
  if [ "$status" = 0 ]; then
    say "$prefix $title: nothing to do"
    return
  fi
  if [ -n "$DRY_RUN" ]; then
    say "$prefix $title: to do"
    return
  fi
  if [ "$status" != 1 ]; then
    cat "$WORK/check" >&2
    give_up "$file" "$prefix $title: the project cannot be looked at"
  fi
  say "$prefix $title..."
  status=0
  # The key goes to the one step that stores it.
  case $file in */50-shared-key.sh) key=$SHARED_KEY ;; esac
  printf '%s' "$key" | "$BASH" "$ROOT/scripts/setup/step.sh" "$file" apply >&2 || status=$?
  [ "$status" = 0 ] || give_up "$file" "$prefix $title: failed"
  "$BASH" "$ROOT/scripts/setup/step.sh" "$file" check >/dev/null </dev/null ||
    give_up "$file" "$prefix $title: was done, but the project does not show it"
  say "$prefix $title: done"
}

give_up() {
  say "$2"
  "$BASH" "$ROOT/scripts/setup/step.sh" "$1" advice >&2
  stop "run this again when that is mended: what is done stays done"
}

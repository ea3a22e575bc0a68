# The organisation's key for the agents' model. It comes on standard input and goes to Secret Manager, of each
# project that holds agents.
# shellcheck shell=bash

title() { echo "Store the shared API key"; }
advice() { echo "Give the key on standard input: scripts/setup.sh --key-stdin < the-key, or by a pipe from your password manager."; }

# Whether PROJECT has it.
has_key() {
  local state
  state=$(look secrets versions list "$SHARED_KEY_SECRET" --filter='state:ENABLED' --limit=1 --format='value(name)') || return $?
  [ -n "$state" ]
}

check() {
  local each
  for each in $PROJECT $CELLS; do PROJECT=$each has_key || return $?; done
}

# store KEY: into PROJECT.
store() {
  look secrets describe "$SHARED_KEY_SECRET" --format='value(name)' >/dev/null ||
    gc secrets create "$SHARED_KEY_SECRET" --replication-policy=automatic --labels=managed-by=agents-plane
  printf '%s' "$1" | gc secrets versions add "$SHARED_KEY_SECRET" --data-file=-
}

apply() {
  local key each status
  IFS= read -r key || true
  if [ -z "$key" ] && [ -z "$YES" ]; then
    printf 'API key for the agents'\'' model (not shown): ' >/dev/tty
    IFS= read -rs key </dev/tty
    echo >/dev/tty
  fi
  [ -n "$key" ] || stop "there is no key on standard input"
  for each in $PROJECT $CELLS; do
    # A key that is there and cannot be seen just now is the organisation's live one: nothing goes on top of it.
    status=0
    PROJECT=$each has_key || status=$?
    case $status in
      0) ;;
      1) PROJECT=$each store "$key" ;;
      *)
        say "whether project $each has a key cannot be told"
        return 2
        ;;
    esac
  done
}

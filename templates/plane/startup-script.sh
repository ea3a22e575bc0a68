#!/bin/bash
# Startup script of an agent's VM; google-guest-agent runs it at every boot.
# Brings the pinned bundle to /opt/agents-plane/agent.mjs and hands over to it.
# Needs bash, curl, coreutils and sed alone: it also runs on a plain debian-12 image.
# AGENTS_PLANE_ROOT and GCE_METADATA_HOST are set where the VM is a process in a directory.
set -euo pipefail

readonly ROOT="${AGENTS_PLANE_ROOT:-}"
readonly METADATA="http://${GCE_METADATA_HOST:-metadata.google.internal}/computeMetadata/v1"
readonly HOME_DIR="$ROOT/opt/agents-plane"
readonly AGENT="$HOME_DIR/agent.mjs"
export PATH="$HOME_DIR/node/bin:$PATH"

metadata() {
  curl --silent --fail --show-error --retry 8 --retry-connrefused --retry-delay 1 --max-time 20 \
    --header 'Metadata-Flavor: Google' "$METADATA/$1"
}

# Prints an attribute; nothing when it is not set.
attribute() {
  curl --silent --fail --max-time 20 --header 'Metadata-Flavor: Google' \
    "$METADATA/instance/attributes/$1" || true
}

# Reads one string out of flat JSON on standard input. Enough for tokens and endpoints, which hold no escapes.
json_string() {
  tr -d '\n' | sed -n "s/.*\"$1\"[[:space:]]*:[[:space:]]*\"\([^\"]*\)\".*/\1/p"
}

# Milliseconds: the plane ignores what was said before this boot began, and a boot can fail within a second.
now() {
  date --utc +%Y-%m-%dT%H:%M:%S.%3NZ
}

# fail REASON: says why in the journal and in guest attribute agents-plane/status, then gives up.
fail() {
  echo "agents-plane: $1" >&2
  local status
  status="$(printf '{"state":"failed","reason":"%s","at":"%s"}' "$1" "$(now)")"
  curl --silent --output /dev/null --max-time 20 --request PUT --header 'Metadata-Flavor: Google' \
    --data-binary "$status" "$METADATA/instance/guest-attributes/agents-plane/status" || true
  exit 1
}

sha256_of() {
  sha256sum "$1" | cut -d ' ' -f 1
}

# Percent-encodes the slashes of an object name; the plane uses no other special characters.
encode() {
  sed 's|%|%25|g; s|/|%2F|g; s| |%20|g' <<<"$1"
}

# Prints the status of the answer. The access token goes to curl on standard input: argv can be read by every user.
download() {
  local bucket object base token
  bucket="${1#gs://}"
  object="${bucket#*/}"
  bucket="${bucket%%/*}"
  base="$(attribute agents-plane-endpoints | json_string storage)"
  token="$(metadata instance/service-accounts/default/token | json_string access_token)"
  printf 'header = "Authorization: Bearer %s"\n' "$token" |
    curl --config - --silent --fail --show-error --location --retry 5 --retry-connrefused --max-time 120 \
      --write-out '%{http_code}' --output "$2" "${base:-https://storage.googleapis.com}/storage/v1/b/$bucket/o/$(encode "$object")?alt=media"
}

# Google knows a new service account, and what it was granted, after two minutes typically, seven and more at
# times (https://cloud.google.com/iam/docs/access-change-propagation): refused, it asks again for ten minutes.
download_when_granted() {
  local tried status
  for ((tried = 0; tried < 60; tried++)); do
    status="$(download "$1" "$2")" && return
    [[ "$status" == 401 || "$status" == 403 ]] || return 1
    sleep 10
  done
  return 1
}

fetch_bundle() {
  local bundle expected actual temporary
  bundle="$(metadata instance/attributes/agents-plane-bundle)" ||
    fail 'The VM has no agents-plane-bundle in its metadata. Send the provision request again.'
  expected="$(metadata instance/attributes/agents-plane-bundle-sha256)" ||
    fail 'The VM has no agents-plane-bundle-sha256 in its metadata. Send the provision request again.'
  if [[ -f "$AGENT" && "$(sha256_of "$AGENT")" == "$expected" ]]; then
    return
  fi
  mkdir -p "$HOME_DIR"
  temporary="$(mktemp "$HOME_DIR/.agent.XXXXXX")"
  # Expanded now: the variable is local and gone when the trap runs.
  # shellcheck disable=SC2064
  trap "rm -f '$temporary'" EXIT
  download_when_granted "$bundle" "$temporary" ||
    fail "The bundle $bundle cannot be downloaded. Check the bucket and the VM's access to it, then reset the VM."
  actual="$(sha256_of "$temporary")"
  if [[ "$actual" != "$expected" ]]; then
    fail "The bundle $bundle has SHA-256 $actual, but $expected is pinned. It was not run. Deploy the plane again."
  fi
  chmod 0644 "$temporary"
  mv -f "$temporary" "$AGENT"
}

# A plain debian-12 becomes what the image is, once. The recipe (infra/image) is the bundle's last line, and
# so under the same pinned hash; Node.js is what it installs last.
install_what_the_image_has() {
  local recipe=/var/tmp/agents-plane-recipe
  rm -rf "$recipe"
  mkdir -p "$recipe"
  sed -n '$s|^//# recipe ||p' "$AGENT" | base64 --decode | tar --extract --gzip --directory "$recipe" ||
    fail 'The bundle carries no recipe of the image. Build the image with infra/image and set it in the plane.'
  "$recipe/install.sh" ||
    fail 'OpenClaw could not be installed on this plain Debian. Its serial console says why; then reset the VM.'
  rm -rf "$recipe"
}

fetch_bundle
[[ -n "$ROOT" || -x "$HOME_DIR/node/bin/node" ]] || install_what_the_image_has
exec node "$AGENT" bootstrap

#!/usr/bin/env bash
# The shell twin of `agent fetch-key`: the same calls with curl and jq. Four of them:
# project id, access token, the agent's own key (absent), the shared key.
# Usage: fetch-key.sh AGENT TARGET; GCE_METADATA_HOST and SECRETMANAGER say where Google is.
set -euo pipefail
agent=$1
target=$2
metadata="http://${GCE_METADATA_HOST:-169.254.169.254}/computeMetadata/v1"
api=${SECRETMANAGER:-https://secretmanager.googleapis.com}

meta() { curl -sSf -H 'Metadata-Flavor: Google' "$metadata/$1"; }

project=$(meta project/project-id)
token=$(meta instance/service-accounts/default/token | jq -r .access_token)
# The token goes in on standard input: in argv every process could read it.
access() {
  curl -sS -H @- "$api/v1/projects/$project/secrets/$1/versions/latest:access" <<<"Authorization: Bearer $token" |
    jq -r '.payload.data // empty'
}

key=$(access "agent-$agent-api-key")
[ -n "$key" ] || key=$(access agents-plane-api-key)
[ -n "$key" ] || { echo 'no key' >&2; exit 1; }
umask 0377
base64 -d <<<"$key" >"$target.new"
mv -f "$target.new" "$target"

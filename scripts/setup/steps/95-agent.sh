# The first agent, when the settings name its owner.
# shellcheck shell=bash

title() { echo "Provision the first agent"; }
advice() { echo "The plane's answer is above. Its log: https://console.cloud.google.com/run/detail/$REGION/agents-plane-api/logs?project=$PROJECT"; }

check() {
  [ -z "$AGENT_USER" ] && return 0
  look compute instances list --filter="labels.managed-by=agents-plane" --format='value(name)' | grep -q .
}

apply() {
  local arguments=() line
  while IFS= read -r line; do arguments+=("$line"); done <<<"$(tool first-agent)"
  AGENTS_PLANE_URL=$FIRST_AGENT_URL "$ROOT/scripts/agents-plane" provision "${arguments[@]}"
}

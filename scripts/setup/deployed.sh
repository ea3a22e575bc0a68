# Which functions are deployed, all of them by one call: sourced by the steps that ask.
# shellcheck shell=bash

# A line for each: NAME;STATE;SOURCE. None, where there are none or their API is not enabled yet.
deployed() {
  local status=0
  look functions list --v2 --regions="$REGION" \
    --format='value[separator=";"](name.basename(),state,labels.agents-plane-source)' || status=$?
  [ "$status" != 2 ] || return 2
}

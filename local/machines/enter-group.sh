#!/bin/sh
# Joins control groups, then becomes a command:
#   enter-group.sh CGROUP_PROCS... -- COMMAND [ARGUMENT...]
set -eu
while [ "$1" != -- ]; do
  echo $$ > "$1"
  shift
done
shift
exec "$@"

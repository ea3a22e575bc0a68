#!/bin/sh
# One boot of a machine as far as its data disk goes: an /etc of its own (kept between
# boots), in a mount namespace of its own, so that nothing stays mounted here.
#   boot.sh ETC COMMAND...
set -eu
etc=$1
shift
# $0 and $@ are the inner shell's.
# shellcheck disable=SC2016
exec unshare --mount --propagation private -- \
  sh -c 'mount --bind "$0" /etc && exec "$@"' "$etc" "$@"

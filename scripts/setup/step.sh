#!/usr/bin/env bash
# Runs one function of a step's file in a process of its own, where every error counts:
#   step.sh FILE check|apply|title|advice
# `check` exits 0 when there is nothing to do, 1 when there is, 2 when it cannot be told.
set -euo pipefail
# shellcheck source=scripts/setup/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=/dev/null
. "$1"
"$2"

# Sourced by demo, test and agents-plane: makes this checkout runnable on a fresh machine.
# Afterwards `node` on PATH is the one the product pins. Says what it does on stderr, and
# is silent (and takes milliseconds) when there is nothing to do.
# shellcheck shell=bash

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf '%s\n' "$*" >&2; }

stop() {
  say "agents-plane: $*"
  exit 1
}

# npm and a Node.js are all that has to be there before. For Linux the packages bring the pinned one
# (optionalDependencies of package.json), and any that runs npm will do; elsewhere it is the host's that is used.
require_node() {
  local wanted='20 or newer' oldest=20 newest=999 major
  case "$(uname -sm)" in
    'Linux x86_64' | 'Linux aarch64') ;;
    *) wanted="24 (24.16 or newer) on $(uname -s)" oldest=24 newest=24 ;;
  esac
  command -v npm >/dev/null || stop "npm is missing: install Node.js $wanted (https://nodejs.org) and run this again"
  major=$(node -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0)
  if [ "$major" -lt "$oldest" ] || [ "$major" -gt "$newest" ]; then
    stop "Node.js $wanted is needed, found $(node -v 2>/dev/null || echo none): install it (https://nodejs.org) and run this again"
  fi
}

# npm ci, when node_modules is not what package-lock.json says.
install_packages() {
  local stamp="$ROOT/node_modules/.agents-plane-lock" want
  want=$(cksum <"$ROOT/package-lock.json")
  if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$want" ]; then return; fi
  say "Installing npm packages (once, about half a minute)..."
  (cd "$ROOT" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2) || stop "npm ci failed; see above"
  printf '%s\n' "$want" >"$stamp"
}

# As root on Debian or Ubuntu: the packages of host-packages.txt whose command or file is missing.
install_host_packages() {
  [ "${AGENTS_PLANE_HOST_PACKAGES:-yes}" = yes ] || return 0
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 0
  local missing=() entry rest
  while read -r entry rest; do
    case "$entry" in '' | \#*) continue ;; esac
    [ -e "${entry#*:}" ] || command -v "${entry#*:}" >/dev/null || missing+=("${entry%%:*}")
  done <"$ROOT/scripts/host-packages.txt"
  [ ${#missing[@]} -eq 0 ] && return
  say "Installing Debian packages: ${missing[*]}..."
  export DEBIAN_FRONTEND=noninteractive
  { apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >/dev/null 2>"$ROOT/node_modules/.apt-errors" ||
    say "  some could not be installed (see node_modules/.apt-errors); what needs them will say so"
}

require_node
install_packages
install_host_packages

# The pinned Node (node_modules/.bin/node) first; where no package has it, the host's, which was looked at above.
export PATH="$ROOT/node_modules/.bin:$PATH"
case "$(node -v)" in
  v24.*) ;;
  *) stop "the packages did not bring Node.js 24, found $(node -v): delete node_modules and run this again" ;;
esac

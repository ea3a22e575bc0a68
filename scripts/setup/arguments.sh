# Arguments of setup.sh and teardown.sh: sourced by both, after they defined usage().
# shellcheck shell=bash
# CONFIG is the caller's.
# shellcheck disable=SC2034

# read_arguments SWITCHES ARGUMENT...: --config FILE into CONFIG, and 1 into the variable of each switch
# that was given (--dry-run: DRY_RUN). SWITCHES: the names that there are.
read_arguments() {
  local switches=" $1 "
  shift
  while [ $# -gt 0 ]; do
    case $1 in
      --config) CONFIG=${2:?--config needs a file} && shift ;;
      --help) usage && exit 0 ;;
      *)
        case $switches in *" $1 "*) ;; *) { echo "There is no option $1." && usage; } >&2 && exit 2 ;; esac
        printf -v "$(variable_of "$1")" '%s' 1
        ;;
    esac
    shift
  done
}

# variable_of --dry-run: DRY_RUN
variable_of() { printf '%s' "${1#--}" | tr 'a-z-' 'A-Z_'; }

# work_folder NAME: makes WORK, which goes when the script ends, however it ends.
work_folder() {
  WORK=$(mktemp -d "${TMPDIR:-/tmp}/agents-plane-$1.XXXXXX")
  export ROOT WORK
  trap 'rm -rf "$WORK"' EXIT
  trap 'exit 130' INT TERM
}

# Completion of agents-plane for bash:
#   ./scripts/agents-plane completion bash > ~/.local/share/bash-completion/completions/agents-plane
# Each line of the table: where one is, a tab, what may come next. Made of the commands themselves.
# shellcheck shell=bash

_agents_plane_table() {
  cat <<'TABLE'
@TABLE@
TABLE
}

# What may come next there; fails when there is no such place.
_agents_plane_at() {
  local place words
  while IFS=$'\t' read -r place words; do
    [ "$place" = "$1" ] && printf '%s\n' "$words" && return
  done < <(_agents_plane_table)
  return 1
}

_agents_plane() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} place=agents-plane i words
  # `--state=fa` is three words to bash.
  if [ "$word" = = ]; then word=''; elif [ "$before" = = ]; then before=${COMP_WORDS[COMP_CWORD - 2]}; fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${COMP_WORDS[i]} in
      -*) ;;
      *) _agents_plane_at "$place ${COMP_WORDS[i]}" >/dev/null && place="$place ${COMP_WORDS[i]}" ;;
    esac
  done
  words=$(_agents_plane_at "$place $before") && [ "${before#-}" != "$before" ] || words=$(_agents_plane_at "$place")
  # shellcheck disable=SC2207 # words hold no spaces
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}

complete -o default -F _agents_plane agents-plane

#compdef agents-plane
# Completion of agents-plane for zsh:
#   source <(./scripts/agents-plane completion zsh), in ~/.zshrc
# Each line of the table: where one is, a tab, what may come next. Made of the commands themselves.
(( ${+functions[compdef]} )) || { autoload -Uz compinit && compinit }

_agents_plane_table() {
  cat <<'TABLE'
@TABLE@
TABLE
}

# What may come next there, as `reply`; fails when there is no such place.
_agents_plane_at() {
  local line
  for line in ${(f)"$(_agents_plane_table)"}; do
    [[ ${line%%$'\t'*} == "$1" ]] || continue
    reply=(${=line#*$'\t'})
    return 0
  done
  return 1
}

_agents_plane() {
  local place=agents-plane word before=${words[CURRENT-1]}
  local -a reply
  for word in "${(@)words[2,CURRENT-1]}"; do
    [[ $word != -* ]] && _agents_plane_at "$place $word" && place="$place $word"
  done
  if [[ $PREFIX == --*=* ]]; then
    before=${PREFIX%%=*}
    compset -P '*='
  fi
  [[ $before == -* ]] && _agents_plane_at "$place $before" || _agents_plane_at "$place"
  compadd -a reply || _files
}

compdef _agents_plane agents-plane

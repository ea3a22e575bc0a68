# Types each argument after the first into an interactive zsh that has sourced the first, presses
# Tab, and prints what the line is then, and (after a tab) the words that zsh offered.
zmodload zsh/zpty
setup='PS1=; unsetopt beep; LISTMAX=0
autoload -Uz compinit && compinit -D -u
compadd() { local -a hits; builtin compadd -O hits "$@"; offered+=($hits); builtin compadd "$@"; }
begin() { offered=(); BUFFER=; }
finish() { print -r -- "<$BUFFER"$'"'\\t'"'"${(o)offered}>"; BUFFER=; }
zle -N begin; zle -N finish; bindkey "^B" begin; bindkey "^X" finish
source '$1'; print "<"ready">"'
zpty shell zsh -f -i
zpty -w shell "$setup"
zpty -r shell answer '*<ready>*'
shift
for line; do
  zpty -w -n shell $'\x02'"$line"$'\t\x18'
  zpty -r shell answer '*<*>*'
  print -r -- "${${answer##*<}%%>*}"
done
zpty -d shell

# Completion of agents-plane for fish:
#   ./scripts/agents-plane completion fish > ~/.config/fish/completions/agents-plane.fish
# Each line of the table: where one is, a tab, what may come next. Made of the commands themselves.
set -g __agents_plane_table '@TABLE@'

# What may come next there, a word a line; fails when there is no such place.
function __agents_plane_at
    for line in (string split \n -- $__agents_plane_table)
        set -l parts (string split \t -- $line)
        if test "$parts[1]" = "$argv[1]"
            string split --no-empty ' ' -- $parts[2]
            return 0
        end
    end
    return 1
end

function __agents_plane
    set -l words (commandline -opc)
    set -l place agents-plane
    for word in $words[2..]
        if not string match -q -- '-*' $word; and __agents_plane_at "$place $word" >/dev/null
            set place "$place $word"
        end
    end
    # `--state=fa` is one word, to be replaced as a whole.
    set -l flag (string match -r -- '^(--[^=]+)=' (commandline -ct))
    if set -q flag[2]
        set -l values (__agents_plane_at "$place $flag[2]")
        string replace -r '^' -- "$flag[1]" $values
        return
    end
    if string match -q -- '-*' $words[-1]; and __agents_plane_at "$place $words[-1]" >/dev/null
        __agents_plane_at "$place $words[-1]"
        return
    end
    __agents_plane_at $place
end

# Files where none of the words can be meant: `import people.csv`.
function __agents_plane_has_none
    set -l typed (commandline -ct)
    for word in (__agents_plane)
        if test (string sub -l (string length -- "$typed") -- $word) = "$typed"
            return 1
        end
    end
end

complete -c agents-plane -f -a '(__agents_plane)'
complete -c agents-plane -n __agents_plane_has_none -F

# Completion of `chaosreg` for bash. Where nothing is known, bash completes files.
_chaosreg() {
    local IFS=$'\n'
    COMPREPLY=($("${1/#\~/$HOME}" __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o bashdefault -o default -F _chaosreg chaosreg

#compdef chaosreg
# Completion of `chaosreg` for zsh. Where nothing is known, zsh completes files.
_chaosreg() {
    local -a found
    found=(${(f)"$(${~words[1]} __complete "${(@)words[2,CURRENT]}" 2>/dev/null)"})
    if (( ${#found} )); then
        compadd -a found
    else
        _files
    fi
}
if [[ "${funcstack[1]}" == _chaosreg ]]; then
    _chaosreg "$@"
else
    compdef _chaosreg chaosreg
fi

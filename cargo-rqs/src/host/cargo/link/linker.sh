#!/bin/sh
# Keeps what a link needs, because the compiler removes some of it afterwards, and then links as it was asked to.
# Whatever goes wrong while keeping, the link is done all the same; `complete` tells that nothing did.
set -f

# Calls $1 with every file that the following arguments name and that may be gone after the build. What stands with the
# toolchain or in the source tree stays there, and a linker that is named is no input.
each_input() {
    with=$1 output= before=
    shift
    for argument; do
        [ "$before" = -o ] && output=$argument
        before=$argument
    done
    for argument; do
        case "$argument" in
            -fuse-ld=* | -B*) ;;
            -T*) input "${argument#-T}" || return 1 ;;
            -*=* | -*,*)
                rest=$argument,
                while [ -n "$rest" ]; do
                    part=${rest%%,*} rest=${rest#*,}
                    input "${part#*=}" || return 1
                done
                ;;
            *) input "$argument" || return 1 ;;
        esac
    done
}

input() {
    case "$1" in
        "$RQS_SYSROOT"/* | "$RQS_SLOT"/* | "$output" | -*) ;;
        *) [ ! -f "$1" ] || "$with" "$1" ;;
    esac
}

note() {
    printf '%s\0' "$1" >>"$RQS_LINK/noted"
}

keep_one() {
    number=$((number + 1))
    mkdir "$RQS_LINK/inputs/$number" || return 1
    ln -L -- "$1" "$RQS_LINK/inputs/$number/" 2>/dev/null || cp -p -- "$1" "$RQS_LINK/inputs/$number/"
}

keep() {
    mkdir "$RQS_LINK/inputs" && : >"$RQS_LINK/noted" || return 1
    # An argument file of the compiler has an argument on each line, with backslashes before backslashes and spaces.
    left=$#
    while [ "$left" -gt 0 ]; do
        argument=$1 left=$((left - 1))
        shift
        if [ "${argument#@}" != "$argument" ] && [ -f "${argument#@}" ]; then
            while IFS= read argument || [ -n "$argument" ]; do
                set -- "$@" "$argument"
            done <"${argument#@}" || return 1
        else
            set -- "$@" "$argument"
        fi
    done
    printf '%s\0' "$@" >"$RQS_LINK/arguments" && each_input note "$@" || return 1
    # All at once where their names differ and hard links are possible, else one by one.
    if ! xargs -0 -r sh -c 'exec ln -L -- "$@" "$0"' "$RQS_LINK/inputs" <"$RQS_LINK/noted" 2>/dev/null; then
        number=0
        rm -rf "$RQS_LINK/inputs" && mkdir "$RQS_LINK/inputs" && each_input keep_one "$@" || return 1
        : >"$RQS_LINK/numbered"
    fi
    printf '%s\0' "$RQS_LINKER" "$(pwd)" >"$RQS_LINK/linker" || return 1
    for name in PATH LIBRARY_PATH COMPILER_PATH GCC_EXEC_PREFIX LD_RUN_PATH LD_LIBRARY_PATH LC_ALL; do
        eval "value=\${$name-}"
        [ -z "$value" ] || printf '%s=%s\0' "$name" "$value"
    done >"$RQS_LINK/environment" || return 1
    : >"$RQS_LINK/complete"
}

(keep "$@") >/dev/null 2>&1
exec "$RQS_LINKER" "$@"

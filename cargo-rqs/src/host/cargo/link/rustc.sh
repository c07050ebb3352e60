#!/bin/sh
# Stands before the compiler. As a wrapper it enters none of cargo's hashes, so the generated code is what it is without.
# It does two things, each on demand: denied lints are let through (packages from registries come with a cap already),
# and benchmark executables are linked by way of `linker.sh`, which keeps what the link needs.
capped= bench= name= extra= linker=cc before=
for argument; do
    case "$argument" in
        --cap-lints | --cap-lints=*) capped=1 ;;
        --test | --cfg=test) bench=1 ;;
        -Clinker=* | --codegen=linker=*) linker=${argument#*linker=} ;;
        -Cextra-filename=* | --codegen=extra-filename=*) extra=${argument#*extra-filename=} ;;
        --crate-name=*) name=${argument#--crate-name=} ;;
    esac
    case "$before $argument" in
        "--cfg test") bench=1 ;;
        "--crate-name "*) name=$argument ;;
        "-C linker="* | "--codegen linker="*) linker=${argument#linker=} ;;
        "-C extra-filename="* | "--codegen extra-filename="*) extra=${argument#extra-filename=} ;;
    esac
    before=$argument
done
if [ -n "$RQS_CAP_LINTS" ] && [ -z "$capped" ]; then
    set -- "$@" --cap-lints=warn
fi
if [ -n "$RQS_LINKS" ] && [ -n "$bench" ] && [ -n "$name" ] && [ -n "$linker" ]; then
    folder=$RQS_LINKS/$name$extra
    # The compiler tells by a linker's name how to talk to it.
    rm -rf "$folder"
    if mkdir -p "$folder/by-name" && ln -s "$RQS_KEEPING_LINKER" "$folder/by-name/${linker##*/}"; then
        export RQS_LINK="$folder" RQS_LINKER="$linker"
        set -- "$@" -C "linker=$folder/by-name/${linker##*/}"
    fi
fi
exec ${RQS_INNER_WRAPPER:+"$RQS_INNER_WRAPPER"} "$@"

#!/bin/sh
# Writes a C file that holds the named files: scripts/embed.sh OUT.c FILE...
# schemas/commerce/pipeline.json is called commerce/pipeline.json inside; lib/store/sql/x.sql sql/x.sql; pages page/x.
set -eu
out=$1
shift
tmp=$out.tmp
{
    echo '#include "base/embed.h"'
    i=0
    for f in "$@"; do
        printf '__asm__(".section .rodata\\n.balign 16\\nembed_%d:\\n.incbin \\"%s\\"\\nembed_%d_end:\\n.byte 0\\n.previous\\n");\n' "$i" "$f" "$i"
        printf 'extern const char embed_%d[], embed_%d_end[];\n' "$i" "$i"
        i=$((i + 1))
    done
    echo 'const struct embedded embedded_files[] = {'
    i=0
    for f in "$@"; do
        name=$f
        case $f in
        schemas/*) name=${f#schemas/} ;;
        lib/store/sql/*) name=sql/${f##*/} ;;
        lib/report/page/*) name=page/${f#lib/report/page/} ;;
        build/deps/page/*) name=page/${f##*/} ;;
        build/deps/licenses/*) name=licenses/${f##*/} ;;
        build/deps/versions.txt) name=versions.txt ;;
        esac
        printf '    {"%s", embed_%d, %d},\n' "$name" "$i" "$(wc -c <"$f")"
        i=$((i + 1))
    done
    echo '};'
    echo 'const size_t embedded_count = sizeof embedded_files / sizeof *embedded_files;'
} >"$tmp"
mv "$tmp" "$out"

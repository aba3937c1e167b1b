#!/bin/bash
# make lint: formatted, no warnings of the analysers, generated files up to date, scripts and man pages clean.
# make lint-deep (scripts/lint.sh --deep): clang's analyser follows each function through 225,000 states, its default, not
# 50,000: eight minutes on two cores instead of two.
set -u
nodes=50000
[ "${1:-}" = --deep ] && nodes=225000
unset MAKEFLAGS MFLAGS MAKELEVEL
bad=0
fail() {
    echo "lint: $1"
    bad=1
}
mapfile -t files < <(git ls-files '*.c' '*.h')
clang-format --dry-run -Werror "${files[@]}" 2>build/format.log || fail "not formatted (make format): $(grep -oE '^[a-z][^: ]*\.[ch]' build/format.log | sort -u | head -5 | tr '\n' ' ')"
# what is compiled as a part of SQLite cannot be read without it
mapfile -t sources < <(git ls-files 'lib/*.c' 'cmd/*.c' | grep -vE '_(test|fuzz)\.c$|^lib/store/sqlite/')
# shellcheck disable=SC2016
printf '%s\n' "${sources[@]}" | NODES=$nodes xargs -P "$(nproc)" -n 8 sh -c 'exec clang-tidy --quiet "$@" -- -Xclang -analyzer-config -Xclang "max-nodes=$NODES" -std=gnu11 -D_GNU_SOURCE "-DETL_VERSION=\"x\"" -I. -Ilib -isystem build/deps/include' sh \
    >build/tidy.log 2>/dev/null || { grep -E 'warning:|error:' build/tidy.log | sort -u | head -40; fail "clang-tidy"; }
# uninitvar: cppcheck does not see that a result is read only where the call that fills it went well; gcc and valgrind do
cppcheck --enable=warning,performance,portability --std=c11 -j 2 --quiet --error-exitcode=1 --inline-suppr -I. -Ilib -Ibuild/deps/include \
    '--suppress=*:build/deps/include/*' --suppress=uninitvar --suppress=legacyUninitvar '-DETL_VERSION="x"' \
    '-DcJSON_ArrayForEach(a,b)=for(a=(b)?(b)->child:0;a;a=a->next)' "${sources[@]}" 2>build/cppcheck.log || { head -40 build/cppcheck.log; fail "cppcheck"; }
shellcheck scripts/*.sh .ci/run || fail "shellcheck"
if [ -f scripts/gendoc.c ]; then
    rm -rf build/docs
    mkdir -p build/docs
    make -s docs DOC_OUT=build/docs >/dev/null || fail "the generator of the man pages does not build"
    while read -r f; do
        cmp -s "build/docs/$f" "man/$f" || fail "man/$f is not what commands.def gives (make docs)"
    done < <(cd build/docs && find . -type f | sed 's|^\./||')
    mandoc -Tlint -Wwarning man/*.1 man/*.5 || fail "mandoc"
fi
[ "$bad" -eq 0 ] && echo "lint: clean"
exit $bad

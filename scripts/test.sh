#!/bin/bash
# make test, make test-all: unit programs, then the end-to-end suite; closes with one line of totals.
# scripts/test.sh BUILD [--all]
set -u
unset MAKEFLAGS MFLAGS MAKELEVEL # the makes below are no part of the one that called us
build=$1
all=${2:-}
passed=0
failed=0
skipped=0
missing=() # official suites that are not here
export ETL_SHARED=${ETL_SHARED:-$(realpath ../shared 2>/dev/null || echo ../shared)}

for t in $(find "$build/test" -name '*_test' -type f | sort); do
    out=$(timeout 600 "$t" 2>&1)
    status=$?
    p=$(grep -c '^\[       OK \]' <<<"$out")
    f=$(grep -E '^\[  FAILED  \] [a-z_0-9]+$' <<<"$out" | sort -u | grep -c .) # each is named twice
    s=$(grep -E '^\[  SKIPPED \] [a-z_0-9]+$' <<<"$out" | sort -u | grep -c .)
    [ "$status" -ne 0 ] && [ "$f" -eq 0 ] && f=1
    if [ "$f" -gt 0 ]; then
        echo "FAILED: $t"
        grep -vE '^\[ RUN|^\[       OK' <<<"$out" | tail -40
    fi
    grep -iE 'skipp' <<<"$out" | grep -vE '^\[|SKIPPED TEST' | head -3
    while read -r line; do missing+=("${line#SKIPPED: }"); done < <(grep -E '^SKIPPED: .*ETL_SUITES' <<<"$out")
    passed=$((passed + p))
    failed=$((failed + f))
    skipped=$((skipped + s))
done
echo "unit programs: $passed passed, $failed failed, $skipped skipped"

if [ -f scripts/e2e.py ]; then
    out=$(python3 scripts/e2e.py --binary "$build/etl" ${all:+"$all"} 2>&1)
    status=$?
    echo "$out" | grep -vE '^[0-9]+ passed'
    line=$(grep -E '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' <<<"$out" | tail -1)
    if [ -z "$line" ]; then
        echo "the end-to-end suite ended without its closing line (status $status)"
        failed=$((failed + 1))
    else
        read -r p _ f _ s _ <<<"$line"
        passed=$((passed + p))
        failed=$((failed + f))
        skipped=$((skipped + s))
        echo "end to end: $line"
    fi
fi
if [ "$all" = --all ]; then
    # neither may hold up the totals for ever
    for extra in "timeout -k 10 1800 python3 scripts/torture all --seconds ${ETL_TORTURE_SECONDS:-240} --binary $build/etl" "timeout -k 10 1800 scripts/asan.sh"; do
        if $extra; then
            passed=$((passed + 1))
        else
            failed=$((failed + 1))
        fi
    done
fi
if [ "$all" = --all ] && [ "${#missing[@]}" -gt 0 ]; then
    echo "############ NOT TESTED: official suites are missing on this machine ############"
    printf '#  %s\n' "${missing[@]}"
    echo "#  They are not part of the project. Put JSON-Schema-Test-Suite (tests/, remotes/) and JSONTestSuite (test_parsing/)"
    echo "#  into a directory and name it in ETL_SUITES."
    echo "##################################################################################"
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]

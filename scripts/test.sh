#!/bin/bash
# make test, make test-all: unit programs, then the end-to-end suite; --all adds the slow cases, torture and sanitizers. Closes with
# one line of totals.
# scripts/test.sh BUILD [--all]
#
# ETL_AFTER_TEST=1   --all right after make test, of the same tree: what that run is not repeated, its totals are counted in
# ETL_UNTIL=EPOCH    torture and sanitizers take no longer than until then, and what does not fit is told as not run
set -u
unset MAKEFLAGS MFLAGS MAKELEVEL # the makes below are no part of the one that called us
build=$1
all=${2:-}
passed=0
failed=0
skipped=0
slow=0
missing=() # official suites that are not here
export ETL_SHARED=${ETL_SHARED:-$(realpath ../shared 2>/dev/null || echo ../shared)}

# one_unit PROGRAM RESULT: run in a process of its own, what it said and its status are left in RESULT.
one_unit() {
    timeout 600 "$1" >"$2" 2>&1
    printf '\nstatus %d\n' $? >>"$2"
}
export -f one_unit

# The unit programs side by side, on all processors; what is said of them comes in the order of their names.
unit_programs() {
    local t out status p f s line results programs
    results=$(mktemp -d)
    mapfile -t programs < <(find "$build/test" -name '*_test' -type f | sort)
    # shellcheck disable=SC2016
    for t in "${programs[@]}"; do printf '%s\0%s\0' "$t" "$results/${t//\//_}"; done |
        xargs -0 -n 2 -P "$(nproc)" bash -c 'one_unit "$0" "$1"'
    for t in "${programs[@]}"; do
        out=$(cat "$results/${t//\//_}")
        status=$(sed -n '$s/^status //p' <<<"$out") # none: it was not run to its end
        status=${status:-1}
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
    rm -rf "$results"
    echo "unit programs: $passed passed, $failed failed, $skipped skipped"
}

# end_to_end [OPTION...]
end_to_end() {
    local out status line p f s start=$SECONDS
    out=$(python3 scripts/e2e.py --binary "$build/etl" "$@" 2>&1)
    status=$?
    echo "$out" | grep -vE '^[0-9]+ passed'
    line=$(grep -E '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' <<<"$out" | tail -1)
    if [ -z "$line" ]; then
        echo "the end-to-end suite ended without its closing line (status $status)"
        failed=$((failed + 1))
        return
    fi
    read -r p _ f _ s _ <<<"$line"
    passed=$((passed + p))
    failed=$((failed + f))
    skipped=$((skipped + s))
    slow=$(grep -c 'slow; --all runs it$' <<<"$out")
    echo "end to end: $line, $((SECONDS - start)) s"
}

# further MOST NAME COMMAND...: a part of --all that counts as one; it may take MOST seconds, and no longer than there is time.
further() {
    local most=$1 name=$2 left start=$SECONDS status=0
    shift 2
    left=$((${ETL_UNTIL:-9999999999} - $(date +%s)))
    if [ "$left" -lt 120 ]; then
        echo "############ NOT RUN: $name: the time for all of it is over ############"
        skipped=$((skipped + 1))
    else
        timeout -k 10 $((left < most ? left : most)) "$@" || status=$?
        if [ "$status" -eq 0 ]; then
            passed=$((passed + 1))
        elif [ "$status" -eq 124 ] && [ "$left" -lt "$most" ] && [ ! -e build/found ]; then
            echo "############ NOT FINISHED: $name: the time for all of it is over; nothing was found until then ############"
            skipped=$((skipped + 1))
        else
            echo "FAILED: $name"
            failed=$((failed + 1))
        fi
    fi
    echo "$name: $((SECONDS - start)) s"
}

totals=$build/test/totals
if [ "$all" = --all ] && [ -n "${ETL_AFTER_TEST:-}" ] && [ "$totals" -nt "$build/etl" ]; then
    read -r passed failed skipped <"$totals"
    echo "make test, just run: $passed passed, $failed failed, $skipped skipped"
    end_to_end --slow
else
    unit_programs
    end_to_end ${all:+"$all"}
    [ -n "$all" ] || echo "$passed $failed $((skipped - slow))" >"$totals" # the slow ones come with --all
fi
if [ "$all" = --all ]; then
    further 1800 torture python3 scripts/torture all --seconds "${ETL_TORTURE_SECONDS:-120}" --binary "$build/etl"
    further 3600 sanitizers scripts/asan.sh
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

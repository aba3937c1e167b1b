#!/bin/bash
# Part of make test-all: every unit program and the end-to-end suite once more under AddressSanitizer and
# UndefinedBehaviorSanitizer, and the threads of the record path under ThreadSanitizer.
# ETL_ASAN_SECONDS: of the end-to-end cases, in an order by the dice of the commit, as many as begin in so many seconds (100);
# 0 for all of them (make asan).
set -u
seconds=${ETL_ASAN_SECONDS:-100}
sample=()
some=()
commit=$(git rev-parse --short HEAD 2>/dev/null || echo 1)
if [ "$seconds" -gt 0 ]; then
    sample=(--seconds "$seconds" --seed "$commit")
    some=(--seconds $((seconds / 2)) --seed "$commit")
fi
unset MAKEFLAGS MFLAGS MAKELEVEL
export ETL_SHARED=${ETL_SHARED:-$(realpath ../shared 2>/dev/null || echo ../shared)}
export ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
bad=0
mkdir -p build
rm -f build/found
found() { # remembered also when the time is over before the end
    bad=1
    : >build/found
}
make -s -j"$(nproc)" MODE=asan BUILD=build/asan build/asan/etl asan-tests || exit 1
# shellcheck disable=SC2317 # xargs reaches it
# one UNIT_PROGRAM: nothing, or a line of what was found
one() {
    local log=$1.log
    timeout 600 "$1" >"$log" 2>&1 && return
    echo "asan: $1 failed"
    grep -E 'ERROR|SUMMARY|runtime error|FAILED' "$log" | head -5
    return 0 # or xargs ends
}
export -f one
# shellcheck disable=SC2016
failures=$(find build/asan/test -name '*_test' -type f | sort | xargs -P "$(nproc)" -n 1 bash -c 'one "$0"') || failures+=" (not all were run)"
[ -z "$failures" ] || { echo "$failures"; found; }
python3 scripts/e2e.py --binary build/asan/etl --patience 5 "${sample[@]}" >build/asan/e2e.log 2>&1 || { echo "asan: end to end"; grep -vE '^ok' build/asan/e2e.log | tail -30; found; }
grep -E 'left out|passed' build/asan/e2e.log | sed 's/^/end to end under ASan and UBSan: /'
make -s -j"$(nproc)" MODE=tsan BUILD=build/tsan build/tsan/etl || exit 1
dir=$(mktemp -d)
TSAN_OPTIONS=halt_on_error=1 build/tsan/etl run -q -p commerce 2026-01-15 --users 3000 --inject null_check=0.001,duplicate_check=0.002 --threads 8 --home "$dir" \
    >/dev/null 2>build/tsan/log || { echo "tsan: the run failed"; tail -20 build/tsan/log; found; }
python3 scripts/e2e.py --binary build/tsan/etl --patience 5 "${some[@]}" --only 'parts_*' --only 'web_*' --only 'transform_*' --only 'map_*' --only pipe_whole --only run_kill_range >build/tsan/e2e.log 2>&1 ||
    { echo "tsan: end to end"; tail -30 build/tsan/e2e.log; found; }
grep -E 'left out|passed' build/tsan/e2e.log | sed 's/^/end to end under TSan: /'
# valgrind on the main way: what is read before it was written is seen by nothing else here
if valgrind --version >/dev/null 2>&1; then
    make -s build/etl-dynamic || exit 1
    check() { valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite build/etl-dynamic "$@"; }
    check run -q -p commerce 2026-01-15 --users 30 --threads 2 --home "$dir/v" >/dev/null 2>build/valgrind.log || { echo "valgrind: the run"; head -40 build/valgrind.log; found; }
    build/etl-dynamic collect -q -p commerce -d 2026-01-16 --users 30 --home "$dir/c" >"$dir/events.jsonl"
    for stage in validate transform load mart report; do
        input=("$dir/events.jsonl")
        [[ $stage = mart || $stage = report ]] && input=()
        check $stage -q -p commerce -d 2026-01-16 --home "$dir/v" "${input[@]}" >/dev/null 2>build/valgrind.log || { echo "valgrind: $stage"; head -40 build/valgrind.log; found; }
    done
else
    echo "SKIPPED valgrind: not installed"
fi
rm -rf "$dir"
[ "$bad" -eq 0 ] && echo "sanitizers: nothing found"
exit "$bad"

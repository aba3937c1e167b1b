#!/bin/bash
# make bench: what each stage takes on the built-in source, with peak memory and the ratio to `wc -l` on the same file in
# the same run; beside it, where they are installed, what others take for the same: DuckDB (Python's module), ajv (node's
# module) and jq. Prints the machine and the date. No test: nothing here passes or fails.
#
#   scripts/bench.sh ETL [USERS|pothole...]   users 100000 make 308,790 events, 999999 ten times as many; pothole: see
#                           scripts/bench_pothole.sh (the default: all three)
#   ETL_BENCH_RUNS=3                    best of so many
#   ETL_BENCH_PYTHON=python3            the interpreter that may have duckdb;  NODE_PATH for ajv
set -u
etl=$(realpath "$1")
shift
[ $# -gt 0 ] || set -- 100000 999999 pothole
root=$(cd "$(dirname "$0")/.." && pwd)
python=${ETL_BENCH_PYTHON:-python3}
runs=${ETL_BENCH_RUNS:-3}
dir=$(mktemp -d "${TMPDIR:-/tmp}/etl-bench-XXXXXX")
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
day=2026-01-15

best() { # command...: seconds (the least of the runs) into $best, peak KiB of the last into $kb; $before runs untimed first
    best=
    for _ in $(seq "$runs"); do
        [ -z "$before" ] || eval "$before"
        if ! /usr/bin/time -f '%e %M' -o t "$@" >/dev/null 2>err; then
            echo "bench: failed: $*" >&2
            cat err >&2
            exit 1
        fi
        read -r s kb <t
        if [ -z "$best" ] || awk "BEGIN{exit !($s < $best)}"; then best=$s; fi
    done
}
show() { # name seconds kb
    awk -v n="$1" -v s="$2" -v kb="$3" -v b="$bytes" -v r="$rows" -v wc="$wc" 'BEGIN{
        if (s <= 0) s = 0.005
        printf "| %-42s | %6.2f | %6.0f | %9.0f | %5s | %6.1f |\n", n, s, b/1e6/s, r/s, kb ? sprintf("%.0f", kb/1024) : "", s/wc}'
}
row() { # name, command...
    name=$1
    shift
    best "$@"
    show "$name" "$best" "$kb"
}
add() { awk "BEGIN{print $1 + $2}"; }

echo "$(date -u +%F), $(nproc) x $(grep -m1 'model name' /proc/cpuinfo | cut -d: -f2 | xargs), $(free -g | awk '/Mem/{print $2}') GiB; etl $("$etl" --version | awk '{print $2; exit}'); best of $runs"
. "$root/scripts/bench_pothole.sh"
for users in "$@"; do
    if [ "$users" = pothole ]; then
        pothole
        continue
    fi
    rm -rf ./*
    "$etl" collect -q -p commerce -d $day --users "$users" -o events.jsonl || exit 1
    bytes=$(stat -c %s events.jsonl)
    rows=$(wc -l <events.jsonl)
    before=
    wc=1
    best wc -l events.jsonl
    wc=$best
    wc_kb=$kb
    [ "$wc" = 0.00 ] && wc=0.01
    echo
    echo "$rows events, $((bytes / 1000000)) MB:"
    echo
    echo "| what                                       |      s |   MB/s |    rows/s |   MiB | x wc -l |"
    echo "|--------------------------------------------|-------:|-------:|----------:|------:|-------:|"
    show "wc -l" "$wc" "$wc_kb"
    row "etl collect (generator)" "$etl" collect -q -p commerce -d $day --users "$users"
    row "etl validate --schema" "$etl" validate -q --schema "$root/schemas/commerce/event.schema.json" events.jsonl
    row "etl validate (schema, 7 checks)" "$etl" validate -q -p commerce -d $day events.jsonl -o good.jsonl
    total=$best
    before='rm -rf etl-data'
    row "etl load (a new warehouse)" "$etl" load -q -p commerce -d $day good.jsonl
    total=$(add "$total" "$best")
    before=
    row "etl load (the day again)" "$etl" load -q -p commerce -d $day good.jsonl
    row "etl mart (4 marts, run log)" "$etl" mart -q -p commerce -d $day
    total=$(add "$total" "$best")
    show "validate + load + marts" "$total" ""
    row "etl run --force (collect to report)" "$etl" run -q -p commerce $day --users "$users" --force --home all
    rm -rf all good.jsonl etl-data
    if "$python" -c 'import duckdb' 2>/dev/null; then
        before='rm -f d.db d.db.wal'
        row "DuckDB $("$python" -c 'import duckdb; print(duckdb.__version__)'): load, 7 checks, 4 marts" \
            "$python" "$root/scripts/bench_duckdb.py" events.jsonl d.db $day "$(nproc)"
        before=
        rm -f d.db*
    else
        echo "(DuckDB is not installed for $python)"
    fi
    if node -e 'require("ajv")' 2>/dev/null; then
        row "ajv $(node -p 'require("ajv/package.json").version'): schema alone" \
            node "$root/scripts/bench_ajv.js" "$root/schemas/commerce/event.schema.json" events.jsonl
    else
        echo "(ajv is not installed for node)"
    fi
    if command -v jq >/dev/null; then row "$(jq --version): parse and print alone" jq -c . events.jsonl; fi
done
exit 0

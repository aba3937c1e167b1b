#!/bin/bash
# Kills a whole run at its n-th system call that changes anything (write, pwrite, fsync, fdatasync, rename, ftruncate,
# unlink, mkdir), for every STEP-th n, runs again, and compares lake, warehouse, ledger and report with an undisturbed
# run. scripts/torture.sh [STEP]; prints what it tried. Needs strace and sqlite3.
set -u
step=${1:-7}
etl=$(realpath "${ETL:-build/etl}")
calls=write,pwrite64,fsync,fdatasync,rename,renameat2,ftruncate,unlink,unlinkat,mkdir
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
day=2026-01-15
run() { "$etl" run -q -p commerce $day --users 60 --threads 1 --home "$1" "${@:2}" >/dev/null 2>&1; }

# What must be equal: bytes of the lake, rows of all tables (without times and run ids), states of the last tasks.
state() {
    (cd "$1" && find lake -type f | sort | xargs sha256sum)
    for t in raw_events mart_user_daily mart_funnel_daily mart_product_daily mart_orders; do
        sqlite3 "$1/warehouse.db" "SELECT '$t', * FROM $t ORDER BY 2, 3"
    done
    sqlite3 "$1/warehouse.db" "SELECT check_date, check_type, total_records, failed_records, pass_rate, status FROM quality_check_log ORDER BY check_no;
        SELECT run_date, total_events, unique_users, unique_sessions, purchase_count, total_revenue, quality_status FROM pipeline_run_log"
    sqlite3 "$1/ledger.db" "SELECT stage, dataset, state, rows_out, output_digest FROM tasks AS t WHERE stage <> 'report' AND
        task_id = (SELECT MAX(task_id) FROM tasks WHERE stage = t.stage AND dataset = t.dataset) ORDER BY 1, 2;
        SELECT state FROM runs ORDER BY rowid DESC LIMIT 1"
    grep -o '"figures".*' <(tr -d '\n\t' <"$1/reports/commerce/$day.json") | sed 's/"stages".*"tables"/"tables"/'
    sqlite3 "$1/warehouse.db" "PRAGMA integrity_check"
    find "$1/lake" -name '.dt=*' -o -name '*.tmp-*' | sort
}

run "$dir/calm" || { echo "torture: the undisturbed run failed"; exit 1; }
state "$dir/calm" >"$dir/calm.state"
strace -f -qq -e trace=$calls -o "$dir/trace" "$etl" run -q -p commerce $day --users 60 --threads 1 --home "$dir/count" >/dev/null 2>&1
total=$(wc -l <"$dir/trace")
tried=0
bad=0
attempt() { # n, extra options of the killed run
    rm -rf "$dir/hurt"
    [ -n "${2:-}" ] && cp -r "$dir/calm" "$dir/hurt"
    # shellcheck disable=SC2086
    (
        strace -f -qq -o /dev/null -e trace=$calls -e inject=$calls:signal=KILL:when="$1" \
            "$etl" run -q -p commerce $day --users 60 --threads 1 --home "$dir/hurt" ${2:-} >/dev/null 2>&1 &
        wait $!
    ) 2>/dev/null
    tried=$((tried + 1))
    if ! run "$dir/hurt"; then
        echo "torture: killed at call $1 of $total ${2:-}: the next run failed"
        bad=$((bad + 1))
        return
    fi
    state "$dir/hurt" >"$dir/hurt.state"
    if ! cmp -s "$dir/calm.state" "$dir/hurt.state"; then
        echo "torture: killed at call $1 of $total ${2:-}: the state differs"
        diff "$dir/calm.state" "$dir/hurt.state" | head -5
        bad=$((bad + 1))
    fi
}
for ((n = 1; n <= total; n += step)); do attempt "$n"; done
for ((n = 1; n <= total; n += step * 2)); do attempt "$n" --force; done
echo "torture: $tried kills in runs of $total changing calls, $bad left a difference"
[ "$bad" -eq 0 ]

#!/bin/bash
# make bench: the throughput of each stage on the built-in source (300k events, about 119 MB), with peak memory and the
# ratio to `wc -l` and, where installed, to jq on the same file in the same run. Prints the machine and the date; no test.
set -u
etl=$(realpath "$1")
users=${2:-100000}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
day=2026-01-15
seconds() { # best of three, of a command whose output is thrown away; peak memory of the last
    best=
    for _ in 1 2 3; do
        /usr/bin/time -f '%e %M' -o t "$@" >/dev/null 2>&1
        read -r s kb <t
        if [ -z "$best" ] || awk "BEGIN{exit !($s < $best)}"; then best=$s; fi
    done
}
row() { # name, command...
    name=$1
    shift
    seconds "$@"
    awk -v n="$name" -v s="$best" -v kb="$kb" -v b="$bytes" -v r="$rows" -v wc="$wc" 'BEGIN{
        if (s <= 0) s = 0.005
        printf "| %-34s | %6.2f | %6.0f | %9.0f | %5.0f | %6.1f |\n", n, s, b/1e6/s, r/s, kb/1024, s/wc}'
}
"$etl" collect -q -p commerce -d $day --users "$users" -o events.jsonl || exit 1
bytes=$(stat -c %s events.jsonl)
rows=$(wc -l <events.jsonl)
wc=1
seconds wc -l events.jsonl
wc=$best
[ "$wc" = 0.00 ] && wc=0.01
"$etl" validate -q -p commerce -d $day events.jsonl -o good.jsonl
echo "$(date -u +%F), $(nproc) x $(grep -m1 'model name' /proc/cpuinfo | cut -d: -f2 | xargs), $(free -g | awk '/Mem/{print $2}') GiB, $rows events, $((bytes / 1000000)) MB, best of three"
echo
echo "| what                               |      s |   MB/s |    rows/s |   MiB | x wc -l |"
echo "|------------------------------------|-------:|-------:|----------:|------:|-------:|"
row "wc -l" wc -l events.jsonl
row "etl collect (generator)" "$etl" collect -q -p commerce -d $day --users "$users"
row "etl validate --schema" "$etl" validate -q --schema "$OLDPWD/schemas/commerce/event.schema.json" events.jsonl
row "etl validate (schema, 7 checks)" "$etl" validate -q -p commerce -d $day events.jsonl
row "etl load" "$etl" load -q -p commerce -d $day good.jsonl
row "etl mart (4 marts, run log)" "$etl" mart -q -p commerce -d $day
row "etl run --force (everything)" "$etl" run -q -p commerce $day --users "$users" --force --home all
command -v jq >/dev/null && row "jq -c . (parse and print only)" jq -c . events.jsonl
exit 0

#!/bin/bash
# shellcheck shell=bash disable=SC2154,SC2034,SC2086 # a part of bench.sh, whose names it uses
# The part of make bench (scripts/bench.sh, which reads this file) that is pothole: readings by the million through both
# stages, the whole run, many files against one, the nearest segment; beside them DuckDB and scipy where installed.
# `scripts/bench.sh ETL pothole` runs this part alone.
#
#   ETL_BENCH_TRIPS=5000    2.25 million readings; 50000 make 22 million, 5.9 GB, and need 25 GB for a while
trips=${ETL_BENCH_TRIPS:-5000}
road=${ETL_BENCH_ROAD:-$root/schemas/pothole/segments.csv} # a real one: shared/data/road/road_network_863.csv

fields='"timestamp": "ts", "accel_x": "acc/0", "accel_y": "acc/1", "accel_z": "acc/2", "gyro_x": "gyr/0", "gyro_y": "gyr/1",
  "gyro_z": "gyr/2", "velocity": "spd", "lon": "gps/lng", "lat": "gps/lat", "hdop": "gps/hdop", "satellites": "gps/sat"'
names='"timestamp", "trip_id", "vehicle_id", "accel_x", "accel_y", "accel_z", "gyro_x", "gyro_y", "gyro_z", "velocity", "lon", "lat", "hdop", "satellites"'

# Trips as the generator makes them, their readings as flat rows, and a pipeline that reads those.
pothole_inputs() {
    rm -rf ./*
    mkdir -p schemas/flat in many
    cp "$root"/schemas/pothole/segments.csv schemas/flat/
    cat >schemas/flat/pipeline.json <<J
{"name": "flat", "zone": "Asia/Seoul", "datasets": [{"name": "trips", "source": {"kind": "trips", "seed": 42, "trips": $trips, "segments": "segments.csv"},
  "transform": [{"name": "flat", "do": [{"op": "unnest", "field": "records", "fields": {$fields}, "outer": {"trip_id": "trip_id", "vehicle_id": "vin"}},
    {"op": "select", "fields": [$names]}]}]}]}
J
    "$etl" collect -q -p flat -d $day -o trips.jsonl || exit 1
    "$etl" transform -q -p flat -d $day trips.jsonl -o in/readings.jsonl || exit 1
    "$etl" init . -p pothole >/dev/null || exit 1
    sed -i 's|"kind": "trips", "seed": 42, "trips": 300, "segments": "segments.csv",|"kind": "files", "path": "in/readings.*",|' \
        schemas/pothole/pipeline.json
    grep -q 'in/readings' schemas/pothole/pipeline.json || exit 1
}

pothole_run() { # name
    before='rm -rf home'
    row "etl run ($1: both stages, load, views, page)" "$etl" run -q -p pothole $day --retries 0 --home home
    before=
    "$python" - home/ledger.db <<'PY' | while read -r what s; do show "  of it $what" "$s" ""; done
import sqlite3, sys
for stage, dataset, s in sqlite3.connect(sys.argv[1]).execute(
        "SELECT stage, dataset, seconds FROM tasks WHERE dataset LIKE 'trips%' AND stage <> 'load' ORDER BY task_id"):
    print(stage + "/" + dataset.split("/")[-1], s)
PY
    rm -rf home
}

pothole() {
    pothole_inputs
    bytes=$(stat -c %s in/readings.jsonl)
    rows=$(wc -l <in/readings.jsonl)
    before=
    wc=1
    best wc -l in/readings.jsonl
    wc=$best
    [ "$wc" = 0.00 ] && wc=0.01
    echo
    echo "pothole: $rows readings of $trips trips, $((bytes / 1000000)) MB:"
    echo
    echo "| what                                       |      s |   MB/s |    rows/s |   MiB | x wc -l |"
    echo "|--------------------------------------------|-------:|-------:|----------:|------:|-------:|"
    show "wc -l" "$wc" "$kb"
    row "etl transform --step anomaly (stage 1)" "$etl" transform -q -p pothole --dataset trips -d $day --step anomaly in/readings.jsonl -o one.jsonl
    if "$python" -c 'import duckdb' 2>/dev/null; then
        row "DuckDB $("$python" -c 'import duckdb; print(duckdb.__version__)'): stage 1, window functions" \
            "$python" "$root/scripts/bench_duckdb_pothole.py" in/readings.jsonl schemas/pothole/bumps.csv theirs.jsonl "$(nproc)"
        rm -f theirs.jsonl
    else
        echo "(DuckDB is not installed for $python)"
    fi
    row "etl transform --step segments (stage 2)" "$etl" transform -q -p pothole --dataset trips -d $day --step segments one.jsonl -o two.jsonl
    rm -f one.jsonl two.jsonl
    pothole_run JSONL
    "$etl" transform -q -p flat -d $day trips.jsonl -o in/readings.csv || exit 1
    rm in/readings.jsonl
    pothole_run CSV
    split -l 1 -a 6 trips.jsonl many/trip- --additional-suffix=.json
    cp trips.jsonl trips.json # the same texts one after another
    bytes=$(stat -c %s trips.jsonl)
    row "etl collect: trips in one .jsonl" "$etl" collect -q -p pothole --dataset trips -d $day --source trips.jsonl -o out.jsonl
    lines=$best
    row "etl collect: trips in one .json" "$etl" collect -q -p pothole --dataset trips -d $day --source trips.json -o out.jsonl
    one=$best
    row "etl collect: a .json a trip" "$etl" collect -q -p pothole --dataset trips -d $day --source 'many/*.json' -o out.jsonl
    echo
    awk -v l="$lines" -v a="$one" -v b="$best" -v n="$trips" 'BEGIN {if (a <= 0) a = 0.005; if (l <= 0) l = 0.005
        printf "%d files against one .json of the same bytes: %.2f times; against one .jsonl: %.2f times\n", n, b / a, b / l}'
    o=$root/build/obj/lib
    if gcc -std=gnu11 -D_GNU_SOURCE -O3 -I"$root" -I"$root/lib" -o nearest "$root/scripts/bench_nearest.c" "$o/transform/geo.o" "$o/base/rng.o" "$o/base/mem.o" -lm; then
        echo "nearest: etl: $(./nearest "$road" points 5000000)"
        if "$python" -c 'import scipy' 2>/dev/null; then
            echo "nearest: cKDTree: $("$python" "$root/scripts/bench_nearest.py" "$road" points)"
        else
            echo "(scipy is not installed for $python)"
        fi
    fi
    rm -rf ./*
}

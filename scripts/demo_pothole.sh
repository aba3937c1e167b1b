#!/bin/sh
# make demo-pothole: the pothole pipeline for three days on its built-in trips, then the day's report and the page's path.
set -eu
etl=$(realpath "$1")
home=$(pwd)/build/demo-pothole
rm -rf "$home"
"$etl" run -q -p pothole 2026-01-15..2026-01-17 --home "$home"
echo
"$etl" report -p pothole -d 2026-01-17 --home "$home" | sed -n '1,30p'
echo
echo "The page of the day: $home/reports/pothole/2026-01-17.html"
echo "The warehouse:       $home/warehouse.db (any SQLite tool opens it)"

#!/bin/sh
# make demo: the commerce pipeline for three days on its built-in source, then the day's report and the page's path.
set -eu
etl=$(realpath "$1")
home=$(pwd)/build/demo
rm -rf "$home"
"$etl" run -q -p commerce 2026-01-15..2026-01-17 --home "$home"
echo
"$etl" report -p commerce -d 2026-01-17 --home "$home" | sed -n '1,24p'
echo
"$etl" status -p commerce 2026-01-14..2026-01-18 --home "$home"
echo
echo "The page of the day: $home/reports/commerce/2026-01-17.html"
echo "The warehouse:       $home/warehouse.db (any SQLite tool opens it)"

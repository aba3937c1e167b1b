#!/bin/bash
# make demo-parts: three days of the parts pipeline against three shops on this machine (scripts/shop_server.py), with some
# of the faults that real shops have. PRODUCTS of each shop, 1500 unless told.
set -eu
etl=$(realpath "$1")
root=$(pwd)
home=$root/build/demo-parts
rm -rf "$home"
mkdir -p "$home"
cd "$home"
python3 "$root/scripts/shop_server.py" --products "${PRODUCTS:-1500}" --faults gone=0.01,busy=0.01,cut=0.01,liar=0.01,bare=0.01 >address &
server=$!
trap 'kill $server 2>/dev/null' EXIT
for _ in $(seq 100); do [ -s address ] && break; sleep 0.1; done
shops=$(cat address)
export PARTSRO_URL=$shops/partsro HYUNKI_STORE_URL=$shops/hyunki_store HYUNKI_MARKET_URL=$shops/hyunki_market
"$etl" init -q . -p parts
# our own server need not be spared: without the rate limit that a real shop gets
sed -i 's|"kind": "http",|"kind": "http", "rate": 0, "concurrency": 16, "per_host": 16,|; s|"backoff": "2s"|"backoff": "0s"|; s|"pause": "60s"|"pause": "0s"|' schemas/parts/pipeline.json
for day in 2026-01-15 2026-01-16 2026-01-17; do
    python3 -c "import sys, urllib.request; urllib.request.urlopen(sys.argv[1]).read()" "$shops/_day/$day"
    "$etl" run -q -p parts $day --home "$home"
    echo
done
python3 - "$home/warehouse.db" <<'PY'
import sqlite3, sys
db = sqlite3.connect("file:%s?mode=ro" % sys.argv[1], uri=True)
print("parts_master, 2026-01-17: brake pads by car type")
for name, car, low, high in db.execute("SELECT part_official_name, car_type, min_price, max_price FROM parts_master WHERE extracted_at = '2026-01-17' "
                                       "AND part_official_name LIKE '브레이크 패드%' ORDER BY 1, 2 LIMIT 8"):
    print("  %-24s %-22s %10s to %10s" % (name, car, "₩{:,}".format(low), "₩{:,}".format(high)))
PY
echo
"$etl" status -p parts 2026-01-14..2026-01-18 --home "$home"
echo
echo "The page of the day: $home/reports/parts/2026-01-17.html"
echo "The warehouse:       $home/warehouse.db (any SQLite tool opens it)"

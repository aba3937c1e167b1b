#!/bin/bash
# Part of make bench: kamis against a local service (scripts/kamis_server.py). Prints, as scripts/bench.sh does, and judges
# nothing:
#   a day of 2,710 questions: the code table has four eco grades for every kind (992 questions of API 13 beside the 1,620 of
#   API 17, 72 of API 1, 24 of API 10 and the table twice); no limits of rate, eight in flight; the server has its answers ready
#   a year of wholesale prices: 365 days, some 45,000 rows of API 1 and a few of each other API, collected before; measured is
#   one range from validate on: silver, gold and a page for each day
#
#   scripts/bench_kamis.sh ETL [DAYS]       DAYS of the year (365)
set -eu
etl=$(realpath "$1")
days=${2:-365}
here=$(dirname "$(realpath "$0")")
dir=$(mktemp -d "${TMPDIR:-/tmp}/etl-bench-kamis-XXXXXX")
server=
trap 'kill $server 2>/dev/null; rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM
cd "$dir"
export CERT_KEY=k CERT_ID=i

serve() { # codes, faults...: sets $base
    local codes=$1
    shift
    [ -z "$server" ] || kill "$server"
    rm -f url
    python3 "$here/kamis_server.py" --codes "$codes" --key k --id i "$@" >url &
    server=$!
    until [ -s url ]; do sleep 0.05; done
    base=$(sed 's,/service.*,,' url)
}
timed() { # name, command...: seconds, processor seconds and peak memory
    local name=$1
    shift
    /usr/bin/time -f '%e %U %S %M' -o t "$@" >out 2>err || { tail -5 err >&2; exit 1; }
    awk -v n="$name" '{printf "| %-58s | %7.2f | %7.2f | %5.0f |\n", n, $1, $2 + $3, $4 / 1024}' t
}

mkdir -p day/codes year/codes
(cd day && "$etl" init . -p kamis >/dev/null)
(cd year && "$etl" init . -p kamis >/dev/null)
for d in day year; do
    sed -i 's/"rate": 2,/"rate": 0,/; s/"concurrency": 3, "per_host": 3/"concurrency": 8, "per_host": 8/' $d/schemas/kamis/pipeline.json
    cp $d/schemas/kamis/seeds/towns.csv $d/schemas/kamis/seeds/products.csv $d/codes/
done
awk -F, -v OFS=, 'NR > 1 { $11 = "03 04 07 08" } { print }' day/schemas/kamis/seeds/codes.csv >day/codes/codes.csv
# of the year: wholesale, the whole country, 190 kinds and grades; one town, two kinds of the others
python3 - <<'PY'
import csv, re
path = "year/schemas/kamis/pipeline.json"
text = open(path, encoding="utf-8").read()
for old, new in ((r'"for": \{"cls": \["01", "02"\], "category": (\[[^]]*\])\}', r'"for": {"cls": ["02"], "category": \1}'),
                 (r'"for": \{"cls": \["01", "02"\], "category": \[[^]]*\], "country": \[[^]]*\]\}', '"for": {"cls": ["02"], "category": ["100"], "country": ["1101"]}'),
                 (r'"country": \["1101"[^]]*\]', '"country": ["1101"]')):
    text, n = re.subn(old, new, text)
    assert n, old
open(path, "w", encoding="utf-8").write(text)
rows, n = list(csv.DictReader(open("year/schemas/kamis/seeds/codes.csv", encoding="utf-8"))), 0
for r in rows:
    r["wholesale_ranks"] = r["wholesale_ranks"] if n < 190 else ""
    n += len(r["wholesale_ranks"].split())
    if (r["item_cd"], r["kind_cd"]) not in (("211", "06"), ("214", "01")):
        r["retail_ranks"] = r["eco_ranks"] = ""
with open("year/codes/codes.csv", "w", encoding="utf-8", newline="") as f:
    w = csv.DictWriter(f, list(rows[0]))
    w.writeheader()
    w.writerows(rows)
PY
head -30 year/schemas/kamis/seeds/products.csv >year/codes/products.csv

echo "| kamis                                                      |       s |  proc s |   MiB |"
echo "|------------------------------------------------------------|--------:|--------:|------:|"
cd day
serve codes
export KAMIS_BASE_URL=$base/2026-01-16/service/price/xml.do
"$etl" run -q -p kamis 2026-01-15 --only collect --home warm >/dev/null 2>&1 # the server works its answers out
n=$(python3 -c 'import sqlite3; print(sum(r[0] for r in sqlite3.connect("warm/ledger.db").execute("SELECT COUNT(*) FROM requests")))')
timed "a day, $n questions: collect" "$etl" run -q -p kamis 2026-01-15 --only collect
timed "its silver and gold and page" "$etl" run -q -p kamis 2026-01-15 --from validate
cd ../year
serve codes --fault action=dailyPriceByCategoryList,p_country_code=1101:nodata
for i in $(seq 0 $((days - 1))); do
    KAMIS_BASE_URL=$base/$(date -u -d "2025-01-01 + $((i + 1)) days" +%F)/service/price/xml.do \
        "$etl" run -q -p kamis "$(date -u -d "2025-01-01 + $i days" +%F)" --only collect >out 2>err || { tail -5 err >&2; exit 1; }
done
timed "$days days of wholesale prices: silver, gold, pages" "$etl" run -q -p kamis "2025-01-01..$(date -u -d "2025-01-01 + $((days - 1)) days" +%F)" --from validate
rows=$(python3 -c 'import sqlite3; print(sqlite3.connect("etl-data/warehouse.db").execute("SELECT COUNT(*) FROM silver_api1").fetchone()[0])')
echo
echo "($rows rows of API 1 in the warehouse)"

#!/bin/sh
# make demo-kamis: fourteen days of kamis against a local KAMIS (scripts/kamis_server.py), in build/demo-kamis.
# Usage: scripts/demo_kamis.sh ETL [DIRECTORY] [DAYS]
set -eu
etl=$(realpath "$1")
here=$(dirname "$(realpath "$0")")
dir=${2:-build/demo-kamis}
days=${3:-14}
rm -rf "$dir"
mkdir -p "$dir"
cd "$dir"

"$etl" init . -p kamis >/dev/null
# the service is asked twice a second at most; this one is our own
sed -i 's/"rate": 2,/"rate": 0,/' schemas/kamis/pipeline.json

python3 "$here/kamis_server.py" --codes schemas/kamis/seeds --key demo-key --id demo-id >server.url &
server=$!
trap 'kill $server 2>/dev/null' EXIT
trap 'exit 130' INT TERM
while [ ! -s server.url ]; do
    kill -0 $server
    sleep 0.05
done
base=$(sed 's,/service.*,,' server.url)
export CERT_KEY=demo-key CERT_ID=demo-id

i=0
while [ "$i" -lt "$days" ]; do
    day=$(date -u -d "2026-01-05 + $i days" +%F)
    today=$(date -u -d "2026-01-05 + $i days + 1 day" +%F)
    i=$((i + 1))
    KAMIS_BASE_URL="$base/$today/service/price/xml.do" "$etl" run -q -p kamis "$day" >run.log 2>&1 || {
        cat run.log
        exit 1
    }
    grep "^kamis " run.log
done
grep "^  " run.log
echo
"$etl" mart -p kamis --freshness -d "$day"
echo
echo "The page: $PWD/etl-data/reports/kamis/$day.html"

# What every case may use; see scripts/e2e.py. A check that does not hold prints a line MISMATCH and the case goes on.
unset HOME ETL_HOME ETL_PIPELINE SLACK_WEBHOOK_URL
DAY=2026-01-15
_bad=0
mismatch() { echo "MISMATCH $*"; _bad=1; }
# The end of every case: its own status, or 99 when a check did not hold.
finish() { local s=$?; [ $_bad = 0 ] && exit $s; exit 99; }

# want STATUS COMMAND...: run it and check its status.
want() { local w=$1 s=0; shift; "$@" || s=$?; [ $s = "$w" ] || mismatch "status $s, not $w: $*"; }
# says STATUS REGEX COMMAND...: also, what it prints (both streams) matches.
says() {
    local w=$1 re=$2 s=0 out; shift 2
    out=$("$@" 2>&1) || s=$?
    [ $s = "$w" ] || mismatch "status $s, not $w: $*: $out"
    grep -qP -- "$re" <<<"$out" || mismatch "no /$re/ in what it says: $*: $out"
}
# has FILE REGEX / lacks FILE REGEX
has() { grep -qP -- "$2" "$1" || mismatch "no /$2/ in $1: $(head -c 600 "$1")"; }
lacks() { ! grep -qP -- "$2" "$1" || mismatch "/$2/ in $1: $(grep -P -- "$2" "$1" | head -3)"; }
# equal WHAT EXPECTED FOUND
equal() { [ "$2" = "$3" ] || mismatch "$1: expected '$2', found '$3'"; }
same() { cmp -s "$1" "$2" || mismatch "$1 and $2 differ: $(diff "$1" "$2" 2>&1 | head -5)"; }
absent() { local f; for f; do [ ! -e "$f" ] || mismatch "$f should not exist"; done; }
present() { local f; for f; do [ -e "$f" ] || mismatch "$f should exist"; done; }
# sql DB QUERY: rows as a|b|c, read-only; nothing is made. The value of a missing table is "none".
sql() {
    python3 - "$1" "$2" <<'PY'
import sqlite3, sys
try:
    db = sqlite3.connect("file:%s?mode=ro" % sys.argv[1], uri=True)
    for row in db.execute(sys.argv[2]):
        print("|".join("" if v is None else str(v) for v in row))
except sqlite3.Error as e:
    print("none" if "no such table" in str(e) or "unable to open" in str(e) else e)
PY
}
# Everything that doing a day twice must not change: lake bytes and warehouse rows without times and run ids.
state() { python3 "$E2E/state.py" "${1:-etl-data}"; }
# A small pipeline "shop" over files in data/ in the current directory. shop [FIELD=JSON]... changes the definition.
shop() { python3 "$E2E/shop.py" "$@"; }
# Wait until a command succeeds, at most 10 s.
until_ok() { local i; for i in $(seq 200); do "$@" >/dev/null 2>&1 && return 0; sleep 0.05; done; mismatch "did not happen: $*"; return 1; }
# rows that are good for commerce, day 2026-01-15
events() { "$ETL" collect -q -p commerce -d "$DAY" --home .events "$@"; }
# A web server (web.py) as $WEB_URL, until the case ends; what it was asked for in web.log. webdef: a pipeline over it.
web() { rm -f web.port; python3 "$E2E/web.py" web.log >web.port & WEB_PID=$!; until_ok test -s web.port; export WEB_URL=http://127.0.0.1:$(cat web.port); }
webdef() { python3 "$E2E/webdef.py" "$@"; }
asked() { grep -c " GET $1" web.log; }
# A receiver of webhooks (receiver.py): receiver LOG ANSWER... sets $HOOK to its URL and $RECEIVER to its process.
receiver() {
    local log=$1 port="$1.port"; shift
    : >"$log"
    rm -f "$port"
    python3 "$E2E/receiver.py" "$log" "$@" >"$port" & RECEIVER=$!
    until_ok test -s "$port"
    HOOK=http://127.0.0.1:$(cat "$port")/hook
}
# told LOG EXPRESSION: each request of a receiver through a Python expression over b (its body) and r (the request).
told() {
    python3 - "$1" "$2" <<'PY'
import json, sys
for line in open(sys.argv[1], encoding="utf-8"):
    r = json.loads(line)
    print(eval(sys.argv[2], {"b": r["body"], "r": r}))
PY
}
# A certificate for localhost and 127.0.0.1, made now: cert.pem, key.pem.
make_cert() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out cert.pem -days 2 -subj "/CN=${1:-localhost}" \
        -addext "subjectAltName=DNS:${1:-localhost},IP:127.0.0.1" 2>/dev/null
}
# A mail server (smtp.py): mailserver LOG MODE ANSWER... sets $PORT and $SERVER.
mailserver() {
    local log=$1 mode=$2 port="$1.port"; shift 2
    : >"$log"
    python3 "$E2E/smtp.py" "$log" cert.pem key.pem "$mode" "$@" >"$port" & SERVER=$!
    until_ok test -s "$port"
    PORT=$(cat "$port")
}

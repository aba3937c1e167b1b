"""The kamis pipeline with files in the place of the service, for cases about what its answers mean (not how they come).

files_pipeline(): schemas/kamis in the current directory, its sources raw/DATASET_{date}.jsonl.
small_pipeline(): the same with its http sources, few towns and categories, as fast as the server answers.
Server(FAULT...): a local KAMIS with few kinds. records(answer): the items of an answer, whichever form it has.
"""
import csv
import json
import os
import re
import shutil
import subprocess
import sys
import urllib.parse
import urllib.request

ROOT = os.environ["ROOT"]
ETL = os.environ["ETL"]


def files_pipeline():
    shutil.copytree(ROOT + "/schemas/kamis", "schemas/kamis")
    text = open("schemas/kamis/pipeline.json", encoding="utf-8").read()
    text, n = re.subn(r'("name": "(\w+)",\n(?:      [^\n]*\n){0,4}?      "source": )\{\n        "kind": "http".*?\n      \},\n',
                      lambda m: m[1] + '{"kind": "files", "path": "raw/%s_{date}.jsonl"},\n' % m[2], text, flags=re.S)
    assert n >= 4, n
    text = text.replace(',\n\n  "report": "report.json"', "")
    with open("schemas/kamis/pipeline.json", "w", encoding="utf-8") as f:
        f.write(text)
    os.makedirs("raw", exist_ok=True)


def records(answer):
    data = answer.get("price", answer.get("data"))
    if isinstance(data, dict):
        data = data.get("item", [])
    if isinstance(data, dict):
        data = [data]
    return [r for r in data if isinstance(r, dict)]


def write(path, rows):
    with open(path, "w", encoding="utf-8") as f:
        f.writelines(json.dumps(r, ensure_ascii=False) + "\n" for r in rows)


def transform(dataset, rows, day):
    """silver rows, and what the command said"""
    text = "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows)
    p = subprocess.run([ETL, "transform", "-p", "kamis", "--dataset", dataset, "-d", day], input=text.encode(), capture_output=True)
    if p.returncode:
        return None, p.stderr.decode()
    return [json.loads(line) for line in p.stdout.decode().splitlines()], p.stderr.decode()


class Quirks:
    """quirk(NAME, RECORD, EXPECTED): what a record becomes; None where it is dropped, then REASON is why."""

    def __init__(self, dataset, base, day):
        self.dataset, self.base, self.day, self.n = dataset, base, day, 0

    def __call__(self, name, changes, expected, reason=None, day=None):
        record = {k: v for k, v in dict(self.base, **changes).items() if v is not Ellipsis}
        rows, said = transform(self.dataset, [record], day or self.day)
        self.n += 1
        if rows is None:
            print("MISMATCH", name, said)
        elif expected is None:
            if rows or (reason and reason not in said):
                print("MISMATCH", name, rows, said)
        elif len(rows) != 1:
            print("MISMATCH", name, "dropped:", said)
        else:
            for k, v in expected.items():
                if rows[0].get(k) != v:
                    print("MISMATCH %s: %s is %r, not %r" % (name, k, rows[0].get(k), v))


KINDS = {("200", "211", "06"), ("200", "212", "00"), ("200", "214", "01"), ("300", "313", "01"), ("100", "141", "01")}


def small_pipeline():
    shutil.copytree(ROOT + "/schemas/kamis", "schemas/kamis")
    text = open("schemas/kamis/pipeline.json", encoding="utf-8").read()
    for old, new in ((r'"rate": 2,', '"rate": 0,'), (r'"backoff": "5m"', '"backoff": "1s"'), (r'"100", "200", "300", "400", "500", "600"\]', '"100", "200", "300"]'),
                     (r'"country": \["1101"[^]]*\]', '"country": ["1101", "2100"]'), (r'"retries": 1', '"retries": 0')):
        text, n = re.subn(old, new, text)
        assert n, old
    with open("schemas/kamis/pipeline.json", "w", encoding="utf-8") as f:
        f.write(text)


class Server:
    def __init__(self, *faults):
        os.makedirs("codes", exist_ok=True)
        for name in ("codes", "products", "towns"):
            rows = list(csv.DictReader(open(ROOT + "/schemas/kamis/seeds/%s.csv" % name, encoding="utf-8")))
            with open("codes/%s.csv" % name, "w", encoding="utf-8", newline="") as f:
                w = csv.DictWriter(f, list(rows[0]))
                w.writeheader()
                w.writerows(r for r in rows if name == "towns" or (r["category_cd"], r["item_cd"], r["kind_cd"]) in KINDS)
        argv = [sys.executable, ROOT + "/scripts/kamis_server.py", "--codes", "codes", "--key", "SECRETKEY", "--id", "SECRETID", "--delay", "0.005"]
        self.p = subprocess.Popen(argv + [a for f in faults for a in ("--fault", f)], stdout=subprocess.PIPE, text=True)
        self.base = self.p.stdout.readline().strip().rsplit("/service", 1)[0]

    def url(self, day):
        return "%s/%s/service/price/xml.do" % (self.base, day)

    def control(self, **q):
        return json.load(urllib.request.urlopen(self.base + "/control?" + urllib.parse.urlencode(q)))

    def questions(self, action):
        return self.control(log=1)["questions"].get(action, 0)

    def close(self):
        self.p.kill()
        self.p.wait()
        self.p.stdout.close()


def etl(server, *args, today="2026-01-16", key="SECRETKEY", **env):
    """status, and what it said on both streams"""
    env = dict(os.environ, KAMIS_BASE_URL=server.url(today), CERT_KEY=key, CERT_ID="SECRETID", **env)
    p = subprocess.run([ETL, *args], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=110)
    return p.returncode, p.stdout.decode("utf-8", "replace")


def rows(sql, db="etl-data/warehouse.db"):
    import sqlite3
    c = sqlite3.connect("file:%s?mode=ro" % db, uri=True)
    try:
        return c.execute(sql).fetchall()
    finally:
        c.close()

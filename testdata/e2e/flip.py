"""flip.py COUNT SEED: change single bytes of the home etl-data of pipeline shop, one at a time, and look what etl makes of each.

What may happen: the change is told (doctor and the command that meets it, each naming the file), or nothing that counts differs. Never
a crash, never a mart that silently differs; but for one kind, which is counted and told: a byte within a value of the warehouse, which
SQLite's own integrity_check cannot see (it keeps no checksums of pages).
"""
import os
import random
import shutil
import sqlite3
import subprocess
import sys

etl, day, home = os.environ["ETL"], "2026-01-15", "etl-data"
count, seed = int(sys.argv[1]), int(sys.argv[2])
rnd = random.Random(seed)
lake = "lake/shop/%s/rows/dt=" + day + "/%s"


def run(*argv):
    p = subprocess.run([etl, *argv], capture_output=True, text=True, errors="replace", timeout=100)
    said = p.stdout + p.stderr
    if p.returncode not in (0, 1): bad("status %d of etl %s: %s" % (p.returncode, " ".join(argv), said[-400:]))
    return p.returncode, said


def rows(table):
    try:
        db = sqlite3.connect("file:%s/warehouse.db?mode=ro" % h, uri=True)
        db.text_factory = bytes
        return sorted(map(repr, db.execute("SELECT * FROM %s NOT INDEXED" % table)))
    except (sqlite3.Error, UnicodeDecodeError) as e:
        return str(e)


def sound(path):
    try:
        db = sqlite3.connect("file:%s?mode=ro" % path, uri=True)
        db.text_factory = bytes
        return db.execute("PRAGMA integrity_check(1)").fetchone()[0] == b"ok"
    except (sqlite3.Error, UnicodeDecodeError):
        return False


def bad(what):
    print("MISMATCH seed %d, %s byte %d ^ %d: %s" % (seed, name, at, mask, what))


for db in "ledger", "warehouse":
    c = sqlite3.connect("%s/%s.db" % (home, db))
    c.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    c.close()
h, unseen, tried = home, 0, 0
marts, raw = rows("mart_shop"), rows("raw_shop")
for name in lake % ("raw", "_SUCCESS"), lake % ("valid", "part-00000.jsonl"), lake % ("rejected", "_SUCCESS"), "warehouse.db", "ledger.db":
    data = open(os.path.join(home, name), "rb").read()
    used = [i for i, b in enumerate(data) if b]
    for k in range(count):
        h = home + ".flip"
        shutil.rmtree(h, ignore_errors=True)
        shutil.copytree(home, h)
        at, mask = rnd.choice(used), rnd.choice((1 << rnd.randrange(8), rnd.randrange(1, 256)))
        if name == "warehouse.db" and k % 2: at = rnd.choice([i for i in used if i % 16384 < 900])  # headers and cell pointers
        b = bytearray(data)
        b[at] ^= mask
        path = os.path.join(h, name)
        open(path, "wb").write(b)
        tried += 1
        whole = None if name.startswith("lake") else sound(path)  # SQLite's word on it
        status, said = run("doctor", "-p", "shop", "--home", h)
        named = status == 1 and (os.path.dirname(name) if name.startswith("lake") else name) in said
        if name.startswith("lake"):
            if not named: bad("doctor does not name it")
            status, said = run("run", "-q", "-p", "shop", day, "--home", h, "--from", "load" if "valid" in name else "mart")
            if "valid" in name and (status != 1 or "dt=" + day not in said): bad("loaded: " + said[-300:])
            if rows("raw_shop") != raw or rows("mart_shop") != marts: bad("it spread")
            shutil.rmtree(os.path.join(h, os.path.dirname(name)))  # what the message says to do
            status, said = run("run", "-q", "-p", "shop", day, "--home", h)
            if status or rows("raw_shop") != raw or rows("mart_shop") != marts: bad("not mended: " + said[-300:])
            if run("doctor", "-p", "shop", "--home", h)[0]: bad("doctor finds it still")
            continue
        if not whole and not named: bad("SQLite finds it, doctor does not: " + said[-300:])
        before = rows("raw_shop"), rows("mart_shop")
        status, said = run("run", "-q", "-p", "shop", day, "--home", h, "--from", "mart")
        if status and name.split(".")[0] not in said and not ("constraint" in said and named): bad("the message does not name it: " + said[-300:])
        if status == 0 and rows("mart_shop") != marts:
            if before == (raw, marts): bad("the mart differs, the table does not")
            unseen += 1
        if not named: continue
        for end in "", "-wal", "-shm":  # the way out that doctor tells
            if os.path.exists(path + end): os.rename(path + end, path + end + ".damaged")
        status, said = run("run", "-q", "-p", "shop", day, "--home", h, "--force")
        if status or rows("raw_shop") != raw or rows("mart_shop") != marts: bad("not mended: " + said[-300:])
print("%d changed bytes; %d within values of the warehouse were not seen" % (tried, unseen))
if unseen > tried * 0.4: print("MISMATCH so many that were not seen")

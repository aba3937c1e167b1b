"""Print what doing a day twice must leave as it is: the lake's bytes, and the warehouse's rows without times and run ids."""
import hashlib
import os
import sqlite3
import sys

VOLATILE = {"created_at", "started_at", "finished_at", "run_id", "loaded_at", "updated_at"}
home = sys.argv[1]
for top, dirs, files in sorted(os.walk(os.path.join(home, "lake"))):
    dirs.sort()
    for name in sorted(files):
        path = os.path.join(top, name)
        with open(path, "rb") as f:
            print(hashlib.sha256(f.read()).hexdigest(), os.path.relpath(path, home))
path = os.path.join(home, "warehouse.db")
if os.path.exists(path):
    db = sqlite3.connect("file:%s?mode=ro" % path, uri=True)
    for kind, name, text in sorted(db.execute("SELECT type, name, sql FROM sqlite_master")):
        print(kind, name, text)
        if kind == "table" and not name.startswith("sqlite_"):
            columns = [r[1] for r in db.execute('PRAGMA table_info("%s")' % name) if r[1] not in VOLATILE]
            rows = sorted(map(repr, db.execute('SELECT %s FROM "%s"' % (", ".join('"%s"' % c for c in columns), name))))
            print("\n".join(rows))

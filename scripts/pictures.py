#!/usr/bin/env python3
"""The README's pictures, from three weeks of commerce and one of pothole, with a day left out and one whose gate failed:
pictures.py BINARY. They need Chromium and a font with Hangul. Generators and clock are fixed: the same pictures every time.
"""
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "testdata"))
from browser import Browser  # noqa: E402

RUNS = (["commerce", "2026-01-01..2026-01-09"], ["commerce", "2026-01-11..2026-01-12"], ["commerce", "2026-01-13", "--inject", "null_check=0.03"],
        ["commerce", "2026-01-14..2026-01-21"], ["pothole", "2026-01-17..2026-01-21"])
etl, out = os.path.abspath(sys.argv[1]), os.path.join(ROOT, "man", "pictures")
with tempfile.TemporaryDirectory() as d:
    env = dict(os.environ, ETL_HOME=os.path.join(d, "home"), ETL_NOW="2026-01-21T18:00:00Z")
    for pipeline, *days in RUNS:
        subprocess.run([etl, "run", "-q", "-p", pipeline, *days], env=env, cwd=d, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for page, picture, dark in (("commerce/2026-01-21.html", "day.png", False), ("index.html", "operator.png", True)):
        with Browser(width=1200, height=1300, dark=dark) as b:
            b.open(os.path.join(d, "home", "reports", page))
            b.shot(os.path.join(out, picture), whole=False)

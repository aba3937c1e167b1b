#!/usr/bin/env python3
"""The README's pictures, from three weeks of commerce with a day whose gate failed and a day left out: pictures.py BINARY.

They need Chromium and a font with Hangul. The generator's days are always the same; the times on the pages are today's.
"""
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "testdata"))
from browser import Browser  # noqa: E402

etl, out = os.path.abspath(sys.argv[1]), os.path.join(ROOT, "man", "pictures")
with tempfile.TemporaryDirectory() as d:
    env = dict(os.environ, ETL_HOME=os.path.join(d, "home"))
    for days in (["2026-01-01..2026-01-12"], ["2026-01-13", "--inject", "null_check=0.03"], ["2026-01-15..2026-01-21"]):
        subprocess.run([etl, "run", "-q", "-p", "commerce", *days], env=env, cwd=d, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with Browser(width=1000, height=1240) as b:
        b.open(os.path.join(d, "home", "reports", "commerce", "2026-01-21.html"))
        b.shot(os.path.join(out, "day.png"), whole=False)
    with Browser(width=1000, height=1240, dark=True) as b:
        b.open(os.path.join(d, "home", "reports", "index.html"))
        b.shot(os.path.join(out, "operator.png"), whole=False)

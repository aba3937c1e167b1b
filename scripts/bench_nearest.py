"""The peer of bench_nearest.c: scipy's k-d tree, as the system had it that etl replaces, on the same places.

Usage: bench_nearest.py SEGMENTS.csv POINTS. Only run where Python finds the modules; no part of the product.
"""
import csv
import sys
import time

import numpy
import scipy
from scipy.spatial import cKDTree

with open(sys.argv[1], encoding="utf-8") as f:
    rows = [[float(x) for x in r[2:6]] for r in list(csv.reader(f))[1:]]
tree = cKDTree(numpy.array([((a + c) / 2, (b + d) / 2) for a, b, c, d in rows]))
at = numpy.fromfile(sys.argv[2]).reshape(-1, 2)
best = 1e9
for _ in range(3):
    start = time.monotonic()
    _, found = tree.query(at)
    best = min(best, time.monotonic() - start)
print("%.1f ns a place among %d (checksum %d), scipy %s" % (best / len(at) * 1e9, len(rows), found.sum(), scipy.__version__))

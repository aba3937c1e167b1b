"""Torture: everything that can happen to a run happens to it, at every moment, and the next run must put all right.

  python3 scripts/torture HARNESS... [--all | --sample N] [--seconds S] [--seed S] [--only SCENARIO] [--at MOMENT]

Harnesses: kill, power, fail, signal, memory, pipe, time; "all" for all of them. Scenarios are folders in testdata/torture/
(see common.py); --at tries the one moment that a line of failure names. The same seed tries the same moments.
Last line: N tried, M failed.
"""
import argparse
import importlib
import os
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
from common import ROOT, Torture  # noqa: E402

HARNESSES = [n for n in ("kill", "power", "fail", "signal", "memory", "pipe", "time")
             if os.path.exists(os.path.join(os.path.dirname(os.path.abspath(__file__)), n.replace("time", "clock").replace("signal", "signals") + ".py"))]


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("harness", nargs="+", choices=HARNESSES + ["all"])
    ap.add_argument("--all", action="store_true", help="every moment")
    ap.add_argument("--sample", type=int, default=60, metavar="N", help="so many moments of each scenario (60)")
    ap.add_argument("--seconds", type=float, metavar="S",
                    help="of the sample, as many as fit: each scenario gets its share of so many seconds, and at least one moment is tried")
    ap.add_argument("--seed", default="1")
    ap.add_argument("--only", action="append", metavar="SCENARIO")
    ap.add_argument("--at", metavar="MOMENT", help="this moment alone, as a failure names it")
    ap.add_argument("--forget", default="", metavar="s|S|sS",
                    help="power: as if files (s) or directories (S) were never synced: shows that the harness would see it")
    ap.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    ap.add_argument("--binary", default=os.path.join(ROOT, "build", "etl"))
    options = ap.parse_args()
    options.binary = os.path.abspath(options.binary)
    if not os.access(options.binary, os.X_OK):
        sys.exit("no binary at %s: run make, or give --binary" % options.binary)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what lies on /dev/shm goes then too
    t = Torture(options)
    names = HARNESSES if "all" in options.harness else options.harness
    modules = {name: importlib.import_module({"time": "clock", "signal": "signals"}.get(name, name)) for name in names}
    t.share_out(sum(len(options.only or m.SCENARIOS) for m in modules.values()))
    try:
        for name in names:
            start = time.monotonic()
            modules[name].main(t)
            print("%s: %.0f s" % (name, time.monotonic() - start), flush=True)
    finally:
        t.close()
    if t.left_out:
        print("torture: %d moments of the samples were left out, for the %.0f s were over" % (t.left_out, options.seconds))
    print("torture: %d tried, %d failed (seed %s)" % (t.tried, t.bad, options.seed))
    return 1 if t.bad or not t.tried else 0


if __name__ == "__main__":
    sys.exit(main())

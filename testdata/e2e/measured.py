"""measured.py MIB SECONDS STATUS COMMAND...: run it; complain when it takes more memory, more processor time, or ends otherwise."""
import os
import subprocess
import sys

mib, seconds, status = int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
p = subprocess.Popen(sys.argv[4:])
_, st, usage = os.wait4(p.pid, 0)
what = " ".join(sys.argv[4:])[-150:]
if os.waitstatus_to_exitcode(st) != status:
    print("MISMATCH status %d, not %d: %s" % (os.waitstatus_to_exitcode(st), status, what))
if "ASAN_OPTIONS" not in os.environ:
    if usage.ru_maxrss > mib * 1024:
        print("MISMATCH %d MiB, not %d: %s" % (usage.ru_maxrss // 1024, mib, what))
    if usage.ru_utime + usage.ru_stime > seconds:
        print("MISMATCH %.1f s, not %.1f: %s" % (usage.ru_utime + usage.ru_stime, seconds, what))

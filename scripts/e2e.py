#!/usr/bin/env python3
"""End-to-end tests: cases are folders of plain files in testdata/e2e/NAME/.

  cmd        bash, run with `set -u` in a fresh directory after testdata/e2e/lib.sh. $ETL the binary, $CASE the case's
             folder, $SHARED the shared data, $ROOT the project. HOME and ETL_HOME unset, TZ=UTC,
             ETL_NOW=2026-11-20T00:00:00Z. A cmd that is executable and begins with #! is run as it is.
  status     expected exit status, 0 unless told
  stdout     expected standard output, exactly;  stdout.re: the same, each line a regular expression
  stderr.re  regular expressions, each to be found in standard error, in this order
  needs      words (see NEEDS); a case whose needs are not met is skipped by name
  slow       the case runs with --all only

A case fails, too, when a Python check or helper of it died of an exception: when its standard output or error, or a file that it left
in its directory (where helpers' logs are), holds a traceback that its expected output does not name.

Options: --all, --slow (the slow cases alone), --only PATTERN (repeatable), --jobs N, --binary PATH, --keep, --times, --list, --patience N (times the time a
case may take, for slow binaries), --seconds S (in an order by the dice of --seed, as many cases as begin within S seconds, none that
is marked long; how many were left out is told).
Python's standard library only. Last line: N passed, N failed, N skipped.
"""
import argparse
import difflib
import fnmatch
import os
import random
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor, as_completed

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CASES = os.path.join(ROOT, "testdata", "e2e")
NOW = "2026-11-20T00:00:00Z"
LIMIT = 300  # seconds a case may take; a case that hangs, not one on a machine that others use, shall fail
SLOW_LIMIT = 900

TRACEBACK = "Traceback (most recent call last)"
LOG_MAX = 4 << 20  # bytes; larger files are data, not logs

SHARED = os.path.abspath(os.environ.get("ETL_SHARED", os.path.join(ROOT, "..", "shared")))


def works(*argv):
    try:
        return subprocess.run(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=20).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def can_mount():
    return os.geteuid() == 0 and works("unshare", "-m", "sh", "-c", "mount -t tmpfs -o size=64k none /mnt")


NEEDS = {
    "shared": lambda: os.path.isdir(os.path.join(SHARED, "data", "commerce")),
    "root": lambda: os.geteuid() == 0,
    "nonroot": lambda: os.geteuid() != 0 or works("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "true"),
    "mount": can_mount,
    "strace": lambda: works("strace", "-f", "true"),
    "openssl": lambda: works("openssl", "version"),
    "aiosmtpd": lambda: works("/usr/bin/python3", "-c", "import aiosmtpd.controller"),
    "prometheus": lambda: works("prometheus", "--version") and works("promtool", "--version"),
    "openlineage": lambda: works("python3", "-c", "import openlineage.client.generated.base"),
    "jq": lambda: works("jq", "--version"),
    "chromium": lambda: any(shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome")),
    "nginx": lambda: works("nginx", "-v"),
    "gzip": lambda: works("gzip", "--version"),
}
met = {}
met_lock = threading.Lock()


def need(word):
    with met_lock:
        if word not in met:
            met[word] = NEEDS[word]() if word in NEEDS else False
        return met[word]


def read(case, name, default=None):
    path = os.path.join(CASES, case, name)
    if not os.path.exists(path):
        return default
    with open(path, "rb") as f:
        return f.read().decode("utf-8", "surrogateescape")


def diff(want, got, what):
    lines = difflib.unified_diff(want.splitlines(), got.splitlines(), "expected " + what, "found " + what, lineterm="", n=2)
    return ["    " + line for line in list(lines)[:60]]


def check_lines(want, got):
    patterns, lines = want.splitlines(), got.splitlines()
    if len(patterns) == len(lines) and all(re.fullmatch(p, line) for p, line in zip(patterns, lines)):
        return []
    out = []
    for i in range(max(len(patterns), len(lines))):
        p = patterns[i] if i < len(patterns) else "(no more lines)"
        line = lines[i] if i < len(lines) else "(no more lines)"
        if i >= len(patterns) or i >= len(lines) or not re.fullmatch(p, line):
            out += ["    line %d" % (i + 1), "    - " + p, "    + " + line]
        if len(out) > 30:
            break
    return out


def check_in_order(want, got):
    at = 0
    for p in want.splitlines():
        m = re.compile(p, re.M).search(got, at)
        if not m:
            return ["    not found in standard error (in this order): " + p]
        at = m.end()
    return []


def check_tracebacks(name, stdout, stderr, directory):
    """The last lines of each traceback that nobody expects: a check that died has checked nothing."""
    if any(TRACEBACK in read(name, f, "").replace("\\", "") for f in ("stdout", "stdout.re", "stderr.re")):
        return []
    texts = [("stdout", stdout), ("stderr", stderr)]
    for base, _, files in os.walk(directory):
        for f in files:
            path = os.path.join(base, f)
            try:
                st = os.lstat(path)
                if not stat.S_ISREG(st.st_mode) or st.st_size > LOG_MAX:
                    continue
                with open(path, "rb") as opened:
                    content = opened.read(LOG_MAX)
            except OSError:  # taken away meanwhile, or not ours to read
                continue
            if TRACEBACK.encode() in content:
                texts.append((os.path.relpath(path, directory), content.decode("utf-8", "surrogateescape")))
    out = []
    for what, text in texts:
        if TRACEBACK in text:
            lines = text[text.rindex(TRACEBACK):].splitlines()
            out += ["    a Python check or helper died (%s):" % what] + ["      " + line[:300] for line in lines[:12]]
    return out


def run_case(name, options):
    """(seconds, problems or None when skipped, why skipped)"""
    missing = [w for w in read(name, "needs", "").split() if not need(w)]
    if missing:
        return 0, None, "needs " + ", ".join(missing)
    slow = os.path.exists(os.path.join(CASES, name, "slow"))
    if slow and not options.all and not options.only:
        return 0, None, "slow; --all runs it"
    work = tempfile.mkdtemp(prefix="etl-e2e-")
    env = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LANG": "C.UTF-8", "TZ": "UTC", "ETL_NOW": NOW, "ETL": options.binary,
           "CASE": os.path.join(CASES, name), "SHARED": SHARED, "ROOT": ROOT, "E2E": CASES, "PYTHONDONTWRITEBYTECODE": "1",
           "PYTHONPATH": os.path.join(ROOT, "testdata")}
    for key in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "ETL_SUITES"):
        if key in os.environ:
            env[key] = os.environ[key]
    cmd = os.path.join(CASES, name, "cmd")
    argv = [cmd] if os.access(cmd, os.X_OK) else ["bash", "-u", "-c", '. "$E2E/lib.sh"; . "$CASE/cmd"; finish']
    start = time.monotonic()
    problems = []
    with open(os.path.join(work, ".stdout"), "w+b") as out, open(os.path.join(work, ".stderr"), "w+b") as err:
        os.mkdir(os.path.join(work, "w"))
        p = subprocess.Popen(argv, cwd=os.path.join(work, "w"), env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True)
        try:
            status = p.wait((SLOW_LIMIT if slow else LIMIT) * options.patience)
        except subprocess.TimeoutExpired:
            status = "none: it did not end in time"
        try:
            os.killpg(p.pid, signal.SIGKILL)  # the group that this runner made for the case
        except ProcessLookupError:
            pass
        p.wait()
        out.seek(0), err.seek(0)
        stdout = out.read().decode("utf-8", "surrogateescape")
        stderr = err.read().decode("utf-8", "surrogateescape")
    want = int(read(name, "status", "0"))
    if status != want:
        problems.append("    status: expected %d, found %s" % (want, status))
    for line in stdout.splitlines():
        if line.startswith("MISMATCH"):
            problems.append("    " + line)
    text = read(name, "stdout")
    if text is not None and text != stdout:
        problems += diff(text, stdout, "stdout") or ["    stdout differs in line ends"]
    text = read(name, "stdout.re")
    if text is not None:
        problems += check_lines(text, stdout)
    problems += check_in_order(read(name, "stderr.re", ""), stderr)
    if re.search(r"AddressSanitizer|LeakSanitizer|runtime error:|defect of etl itself", stderr):
        problems.append("    the program reports a defect of its own")
    problems += check_tracebacks(name, stdout, stderr, os.path.join(work, "w"))
    if problems and stderr:
        problems += ["    stderr: " + line[:300] for line in stderr.splitlines()[-12:]]
    if problems and text is None and read(name, "stdout") is None:
        problems += ["    stdout: " + line[:300] for line in stdout.splitlines()[-12:] if not line.startswith("MISMATCH")]
    if options.keep and problems:
        problems.append("    kept: " + work)
    else:
        shutil.rmtree(work, ignore_errors=True)
    return time.monotonic() - start, problems, None


def run_case_until(end, name, options):
    """As run_case, or None when it is too late."""
    return None if end and time.monotonic() > end else run_case(name, options)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--all", action="store_true")
    ap.add_argument("--slow", action="store_true")
    ap.add_argument("--only", action="append", default=[], metavar="PATTERN")
    ap.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)) + 1, help="cases side by side; one more than processors, for some wait")
    ap.add_argument("--binary", default=os.path.join(ROOT, "build", "etl"))
    ap.add_argument("--keep", action="store_true", help="keep the directories of failed cases")
    ap.add_argument("--times", action="store_true", help="print the slowest cases")
    ap.add_argument("--list", action="store_true")
    ap.add_argument("--seconds", type=float)
    ap.add_argument("--patience", type=float, default=1)
    ap.add_argument("--seed", default="1")
    options = ap.parse_args()
    options.binary = os.path.abspath(options.binary)
    if not os.access(options.binary, os.X_OK):
        sys.exit("no binary at %s: run make, or give --binary" % options.binary)
    names = sorted(n for n in os.listdir(CASES) if os.path.isfile(os.path.join(CASES, n, "cmd")))
    if options.only:
        names = [n for n in names if any(fnmatch.fnmatch(n, p) or p in n for p in options.only)]
    if options.slow:
        options.all = True
        names = [n for n in names if os.path.exists(os.path.join(CASES, n, "slow"))]
    if options.list:
        print("\n".join(names))
        return 0
    # A copy, so that a build going on beside us does not change the binary between two cases.
    frozen = tempfile.mkdtemp(prefix="etl-e2e-bin-")
    options.binary = shutil.copy(options.binary, os.path.join(frozen, "etl"))
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    times = []
    # the longest first, so that none is left alone at the end
    names.sort(key=lambda n: (not os.path.exists(os.path.join(CASES, n, "long")), n))
    left_out = 0
    if options.seconds:
        random.Random(options.seed).shuffle(names)
        left_out = sum(1 for n in names if os.path.exists(os.path.join(CASES, n, "long")))
        names = [n for n in names if not os.path.exists(os.path.join(CASES, n, "long"))]
    end = time.monotonic() + options.seconds if options.seconds else None
    try:
        with ThreadPoolExecutor(max(1, options.jobs)) as pool:
            jobs = {pool.submit(run_case_until, end, n, options): n for n in names}
            for job in as_completed(jobs):
                name = jobs[job]
                if job.result() is None:
                    left_out += 1
                    continue
                seconds, problems, why = job.result()
                times.append((seconds, name))
                if problems is None:
                    counts["skipped"] += 1
                    print("SKIPPED %s: %s" % (name, why), flush=True)
                elif problems:
                    counts["failed"] += 1
                    print("\n".join(["FAILED %s" % name] + problems), flush=True)
                else:
                    counts["passed"] += 1
    finally:
        shutil.rmtree(frozen, ignore_errors=True)
    if options.times:
        for seconds, name in sorted(times, reverse=True)[:15]:
            print("%7.2f s  %s" % (seconds, name))
    if options.seconds:
        print("%d cases left out, as long ones or because the %.0f s were over (seed %s)" % (left_out, options.seconds, options.seed))
    print("%(passed)d passed, %(failed)d failed, %(skipped)d skipped" % counts)
    return 1 if counts["failed"] or not counts["passed"] + counts["skipped"] else 0


if __name__ == "__main__":
    sys.exit(main())

"""What all harnesses share: scenarios, homes, what must be equal, and the pool that tries moment after moment.

A scenario is a folder testdata/torture/NAME/:

  command   what is struck: the arguments of etl, one line; environment variables are filled in
  prepare   bash, optional: makes the home ($ETL_HOME) as it is before, in the directory of the scenario's fixture
  again     arguments of the run that must put everything right; default: command without --force
  server    a program, optional: runs as long as the scenario is tried; its first line of output is $PORT

Everything lies on /dev/shm, so that a run takes some 40 ms and all moments of it can be tried.
"""
import hashlib
import json
import multiprocessing
import os
import random
import re
import shlex
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SCENARIOS = os.path.join(ROOT, "testdata", "torture")
VOLATILE = {"created_at", "started_at", "finished_at", "run_id", "loaded_at", "made_at", "seconds", "updated_at", "sent_at"}
LIMIT = 60  # seconds a run may take; a hang is found by this
STUCK = 6 * LIMIT  # no job has more runs than this


class Torture:
    """Options, the directory of this run, and what was counted."""

    def __init__(self, options):
        self.options = options
        self.etl = options.binary
        base = "/dev/shm" if os.path.isdir("/dev/shm") and os.access("/dev/shm", os.W_OK) and shutil.disk_usage("/dev/shm").free > 512 << 20 else None
        self.dir = tempfile.mkdtemp(prefix="etl-torture-", dir=base)
        self.strike = os.path.join(self.dir, "strike")
        subprocess.run(["gcc", "-O1", "-Wall", "-Wextra", "-Werror", "-Wno-format-truncation", "-o", self.strike,
                        os.path.join(ROOT, "scripts", "torture", "strike.c")], check=True)
        shutil.copy(self.etl, os.path.join(self.dir, "etl"))  # a build going on beside us does not change it
        self.etl = os.path.join(self.dir, "etl")
        self.tried = self.bad = self.left_out = 0
        self.deadline, self.scenarios = None, 0

    def share_out(self, scenarios):
        """--seconds begins to run, for so many scenarios."""
        self.scenarios = scenarios
        if self.options.seconds:
            self.deadline = time.monotonic() + self.options.seconds

    def until(self):
        """When the scenario that begins now must end: what is left, by those that are to come."""
        if not self.deadline:
            return None
        now = time.monotonic()
        return now + max(0, self.deadline - now) / max(1, self.scenarios)

    def need_dynamic(self):
        """The dynamically linked binary and what is put before libc; see fake.c."""
        self.fake, self.dynamic = os.path.join(self.dir, "fake.so"), os.path.join(self.dir, "etl-dynamic")
        subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o", self.fake,
                        os.path.join(ROOT, "scripts", "torture", "fake.c")], check=True)
        built = self.options.binary + "-dynamic"
        if not os.path.exists(built):
            sys.exit("no %s: make %s" % (built, os.path.relpath(built, ROOT)))
        shutil.copy(built, self.dynamic)

    def close(self):
        shutil.rmtree(self.dir, ignore_errors=True)

    def sample(self, name, moments, most):
        """All moments, or as many as asked for, the same for the same seed."""
        if self.options.all:
            return list(moments)
        return random.Random("%s:%s" % (self.options.seed, name)).sample(list(moments), min(most, len(moments)))  # in no order: time may end it

    def each(self, scenario, function, jobs):
        """function(scenario, job) -> list of problems; all jobs, on all processors, until the scenario's time is over. Prints
        what is wrong. Returns (tried, bad)."""
        tried = bad = 0
        room = threading.Semaphore(self.options.jobs * 2)
        Call.scenario = scenario  # processes of the pool are forked, so nothing of it is sent to them
        with multiprocessing.Pool(self.options.jobs) as pool:
            results = pool.imap_unordered(Call(function), feed(jobs, scenario.until, room), chunksize=1)
            while True:
                try:
                    job, problems = results.next(timeout=STUCK)
                except StopIteration:
                    break
                except multiprocessing.TimeoutError:  # no job takes so long: a process of the pool is gone, or waits for ever
                    sys.exit("torture: %s: no answer within %d s after %d tries: %s" % (scenario.name, STUCK, tried, processes()))
                room.release()
                tried += 1
                if problems:
                    bad += 1
                    self.bad += 1
                    if bad <= 10:
                        print("FAILED %s" % " ".join(map(str, problems[:1])), flush=True)
                        for line in problems[1:12]:
                            print("    %s" % line, flush=True)
            pool.close()
            pool.join()
        self.tried += tried
        self.left_out += len(jobs) - tried
        return tried, bad


def processes():
    """What runs below us, for a line of failure."""
    out = subprocess.run(["ps", "-e", "-o", "pid,ppid,etimes,wchan:20,args"], capture_output=True, text=True).stdout
    return "\n" + "\n".join(line for line in out.splitlines() if "etl" in line or "strike" in line or "torture" in line)


def feed(jobs, when, room):
    """Jobs one by one, no more than there is room for at a time, the first in any case, until it is too late."""
    for i, job in enumerate(jobs):
        room.acquire()
        if i and when and time.monotonic() > when:
            return
        yield job


class Call:
    scenario = None

    def __init__(self, function):
        self.function = function

    def __call__(self, job):
        try:
            return job, self.function(self.scenario, job)
        except Exception as e:  # a defect of the harness is a failure of its run, never a silent pass
            import traceback
            return job, ["the harness itself failed at %s: %r" % (job, e)] + traceback.format_exc().splitlines()


class Scenario:
    def __init__(self, torture, name):
        self.t = torture
        self.name = name
        self.folder = os.path.join(SCENARIOS, name)
        self.command_text = self.read("command")
        self.again_text = self.read("again", self.command_text.replace(" --force", ""))
        self.base = os.path.join(torture.dir, name)
        self.template = os.path.join(self.base, "template")
        self.server = None
        self.env = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LANG": "C.UTF-8", "TZ": "UTC", "ETL": torture.etl, "ROOT": ROOT,
                    "CASE": self.folder, "ETL_NOW": "2026-11-20T00:00:00Z", "PYTHONDONTWRITEBYTECODE": "1",
                    "E2E": os.path.join(ROOT, "testdata", "e2e"), "PYTHONPATH": os.path.join(ROOT, "testdata")}

    def read(self, name, default=None):
        path = os.path.join(self.folder, name)
        if not os.path.exists(path):
            return default
        with open(path) as f:
            return f.read().strip()

    def __enter__(self):
        self.until = self.t.until()
        os.makedirs(self.template)
        if os.path.exists(os.path.join(self.folder, "server")):
            self.server = subprocess.Popen([os.path.join(self.folder, "server")], stdout=subprocess.PIPE, text=True, env=self.env)
            self.env["PORT"] = self.server.stdout.readline().strip()
        script = self.read("prepare")
        if script:
            r = subprocess.run(["bash", "-eu", "-c", '. "$E2E/lib.sh"; export ETL_HOME=$PWD/h; ' + script], cwd=self.template,
                               env=dict(self.env, ETL_HOME=os.path.join(self.template, "h")), capture_output=True, text=True,
                               stdin=subprocess.DEVNULL, timeout=LIMIT)
            if r.returncode:
                sys.exit("torture: %s: prepare ended with %d: %s" % (self.name, r.returncode, r.stderr))
        self.calm()
        return self

    def __exit__(self, *_):
        if self.server:
            self.server.kill()
            self.server.wait()
        shutil.rmtree(self.base, ignore_errors=True)
        self.t.scenarios -= 1

    def place(self):
        """A fresh copy of the scenario's beginning, for this process."""
        work = os.path.join(self.base, "w%d" % os.getpid())
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(self.template, work, symlinks=True)
        return work

    def run(self, text, work, wrap=(), env=None, etl=None):
        """(status, stderr). status as the shell shows it; 'hang' when it did not end."""
        argv = list(wrap) + [etl or self.t.etl] + [os.path.expandvars(w) for w in shlex.split(text)]
        full = dict(self.env, ETL_HOME=os.path.join(work, "h"), **(env or {}))
        if self.env.get("PORT"):
            argv = [a.replace("$PORT", self.env["PORT"]) for a in argv]
        p = subprocess.Popen(argv, cwd=work, env=full, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                             start_new_session=True)
        try:
            err = p.communicate(timeout=LIMIT)[1].decode("utf-8", "replace")
        except subprocess.TimeoutExpired:
            os.killpg(p.pid, signal.SIGKILL)
            p.communicate()
            return "hang", "it did not end within %d s" % LIMIT
        return (128 - p.returncode if p.returncode < 0 else p.returncode), err

    def strike(self, text, work, *options, env=None):
        """(status, stderr, total calls, at which it struck, what)"""
        told = os.path.join(os.path.dirname(work), "told%d" % os.getpid())
        status, err = self.run(text, work, [self.t.strike, "-u", work, "-s", told] + list(map(str, options)) + ["--"], env)
        words = open(told).read().split(None, 4) if os.path.exists(told) else ["total", "0", "struck", "0"]
        if os.path.exists(told):
            os.unlink(told)
        return status, err, int(words[1]), int(words[3]), words[4].strip().replace(work + "/", "") if len(words) > 4 else ""

    def calm(self):
        """How it ends undisturbed, and the calls on the way there."""
        work = self.place()
        self.status, err = self.run(self.command_text, work)
        if self.status not in (0, 3):
            sys.exit("torture: %s: the undisturbed run ended with %s: %s" % (self.name, self.status, err))
        self.want = state(os.path.join(work, "h"))
        if self.want["left"]:
            sys.exit("torture: %s: the undisturbed run leaves %s" % (self.name, self.want["left"]))
        work = self.place()
        calls = os.path.join(self.base, "calls")
        self.strike(self.command_text, work, "-c", calls)
        with open(calls) as f:
            self.calls = [line.split(None, 2)[1:] for line in f]

    def numbers(self, *names):
        """Which counted calls are of these system calls."""
        return [i + 1 for i, c in enumerate(self.calls) if c[0] in names]

    def heal(self, work, what, without=()):
        """Run again; is all as if nothing had happened, but for the parts that are named? Problems."""
        home = os.path.join(work, "h")
        done = finished(home)
        status, err = self.run(self.again_text, work)
        if status != self.status:
            return [what + ": the next run ended with %s" % status] + err.splitlines()[-4:]
        problems = differences({k: v for k, v in self.want.items() if k not in without}, state(home))
        twice = [step for step, rows in finished(home, done).items() if rows != 1]
        if twice:
            problems.append("finished, yet done again: %s" % ", ".join(map(str, twice)))
        return [what + ": the next run leaves a difference"] + problems if problems else []


def fake(t, **settings):
    """Environment for the dynamic binary."""
    return dict({k: str(v) for k, v in settings.items()}, LD_PRELOAD=t.fake)


# ---- what must be equal ----

def quiet(value):
    """A JSON value without what changes from run to run."""
    if isinstance(value, dict):
        return {k: quiet(v) for k, v in value.items() if k not in VOLATILE}
    return [quiet(v) for v in value] if isinstance(value, list) else value


def tables(path):
    out = []
    db = sqlite3.connect("file:%s?mode=ro" % path, uri=True)
    try:
        check = db.execute("PRAGMA integrity_check").fetchall()
        if check != [("ok",)]:
            out.append("integrity: %s" % check[:3])
        for kind, name, sql in sorted(db.execute("SELECT type, name, COALESCE(sql, '') FROM sqlite_master")):
            out.append("%s %s %s" % (kind, name, sql))
            if kind == "table" and not name.startswith("sqlite_"):
                columns = [r[1] for r in db.execute('PRAGMA table_info("%s")' % name) if r[1] not in VOLATILE]
                rows = db.execute('SELECT %s FROM "%s"' % (", ".join('"%s"' % c for c in columns), name))
                out += sorted("%s %r" % (name, r) for r in rows)
    finally:
        db.close()
    return out


def last_words(path):
    """The ledger: how each step's and each day's last row stands."""
    db = sqlite3.connect("file:%s?mode=ro" % path, uri=True)
    try:
        out = ["%r" % (r,) for r in db.execute(
            "SELECT pipeline, day, stage, dataset, state, rows_in, rows_out, rows_rejected, bytes,"
            " CASE WHEN stage IN ('report') OR dataset = 'pipeline_run_log' THEN '' ELSE output_digest END, error FROM tasks AS t"
            " WHERE task_id = (SELECT MAX(task_id) FROM tasks WHERE pipeline=t.pipeline AND day=t.day AND stage=t.stage AND dataset=t.dataset)"
            " ORDER BY 1, 2, 3, 4")]
        out += ["%r" % (r,) for r in db.execute(
            "SELECT pipeline, day, state, error FROM runs AS r WHERE rowid = (SELECT MAX(rowid) FROM runs WHERE pipeline=r.pipeline AND day=r.day)"
            " ORDER BY 1, 2")]
        out += ["still running: %r" % (r,) for r in db.execute("SELECT run_id FROM runs WHERE state='running' UNION ALL "
                                                            "SELECT stage || ' ' || dataset FROM tasks WHERE state='running'")]
        for table in ("requests", "cursors"):
            columns = [r[1] for r in db.execute("PRAGMA table_info(%s)" % table) if r[1] not in VOLATILE | {"attempts"}]
            out += sorted("%s %r" % (table, r) for r in db.execute("SELECT %s FROM %s" % (", ".join(columns), table)))
        if db.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
            out.append("integrity of the ledger")
    finally:
        db.close()
    return out


def told(path):
    """What the world knows: how each day was last known, that nothing waits, and that the good end was told. What failed
    on the way was told besides, or not."""
    db = sqlite3.connect("file:%s?mode=ro" % path, uri=True)
    try:
        out = ["%r" % (r,) for r in db.execute("SELECT pipeline, day, subject, state FROM alert_states")]
        out += ["waits: %r" % (r,) for r in db.execute("SELECT channel, day, kind FROM alerts WHERE state='waiting'")]
        out += ["told: %r" % (r,) for r in db.execute("SELECT DISTINCT channel, day FROM alerts WHERE kind IN ('success', 'recovery')")]
    finally:
        db.close()
    return out


def outputs(work):
    """What -o wrote, and the inputs beside it: {name: digest}."""
    out = {}
    for name in sorted(os.listdir(work)):
        if name.endswith(".jsonl"):
            with open(os.path.join(work, name), "rb") as f:
                out[name] = hashlib.sha256(f.read()).hexdigest()
    return out


def state(home):
    """Everything that must be as in an undisturbed run, by part; "left" is what should not be there."""
    parts = {"lake": [], "warehouse": [], "ledger": [], "reports": [], "alerts": [], "output": [], "left": []}
    for top, dirs, files in os.walk(home):
        where = os.path.relpath(top, home)
        for name in sorted(files):
            path = os.path.join(top, name)
            rel = os.path.join(where, name)
            # a crawl's journal holds answers in the order they came in and the run that began it; what is made of it counts
            if where.startswith("lake") and not (name.startswith("journal") and "/requests/" in where):
                with open(path, "rb") as f:
                    parts["lake"].append("%s %s" % (rel, hashlib.sha256(f.read()).hexdigest()))
            if where.startswith("reports") and name.endswith(".json"):
                with open(path) as f:
                    parts["reports"].append("%s %s" % (rel, json.dumps(quiet(json.load(f)), sort_keys=True)))
            elif where.startswith("reports"):
                parts["reports"].append(rel)
            if ".tmp-" in rel or where.startswith("tmp") or "/.dt=" in rel:
                parts["left"].append(rel)
        parts["left"] += [os.path.join(where, d) for d in dirs if d.startswith(".dt=") or ".tmp-" in d]
    parts["output"] = ["%s %s" % x for x in outputs(os.path.dirname(home)).items()]
    for part in parts.values():
        part.sort()
    for part, name, read in (("warehouse", "warehouse.db", tables), ("ledger", "ledger.db", last_words), ("alerts", "ledger.db", told)):
        path = os.path.join(home, name)
        try:
            parts[part] = read(path) if os.path.exists(path) else ["there is no %s" % name]
        except sqlite3.Error as e:
            parts[part] = ["%s: %s" % (name, e)]
    return parts


def without_indexes(want, got, err):
    """A day is done though the pages over all days could not be written, which is said; the next run makes them, as heal()
    sees. Both states are changed; returns want."""
    if "warning: pages over all days:" in err:
        for s in (want, got):
            s["reports"] = [r for r in s["reports"] if not re.match(r"reports/([a-z_]+/)?index\.(html|json)", r)]
    return want


def differences(want, got):
    out = []
    for part in want:
        a, b = sorted(set(want[part]) - set(got[part]))[:3], sorted(set(got[part]) - set(want[part]))[:3]
        skip = max(0, len(os.path.commonprefix([a[0], b[0]])) - 60) if a and b else 0
        out += ["%s: missing: %s" % (part, x[skip if i == 0 else 0:][:300]) for i, x in enumerate(a)]
        out += ["%s: found:   %s" % (part, x[skip if i == 0 else 0:][:300]) for i, x in enumerate(b)]
    return out


def finished(home, only=None):
    """Steps that the last run of a day had finished, and how many rows they have since: {(run, day, stage, dataset): rows}.
    Read from a copy, for opening a database after a crash changes it."""
    if not os.path.exists(os.path.join(home, "ledger.db")):
        return {}
    with tempfile.TemporaryDirectory(dir=os.path.dirname(home)) as tmp:
        for end in ("", "-wal"):
            if os.path.exists(os.path.join(home, "ledger.db" + end)):
                shutil.copy(os.path.join(home, "ledger.db" + end), tmp)
        try:
            db = sqlite3.connect(os.path.join(tmp, "ledger.db"))
            if only is None:
                rows = db.execute("SELECT task_id, pipeline, day, stage, dataset FROM tasks AS t WHERE state='done' AND mode='run' AND"
                                  " run_id IN (SELECT run_id FROM runs WHERE state='running')").fetchall()
                only = {tuple(r): 1 for r in rows}
            out = {}
            for key in only:
                out[key] = db.execute("SELECT COUNT(*) FROM tasks WHERE task_id >= ? AND pipeline=? AND day=? AND stage=? AND dataset=?"
                                      " AND mode='run'", key).fetchone()[0]
            db.close()
            return out
        except sqlite3.Error:
            return {}

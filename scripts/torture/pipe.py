"""Pipes: collect | validate | transform | load, with and without jq and grep between. Each member, foreign ones too, is killed at
each tenth of the stream; the stream is cut with head -c. Whoever stands behind ends with 4, and the table holds what it held."""
import os
import sqlite3
import subprocess

from common import Scenario

SCENARIOS = ["pipe_commerce"]
DAY = "-q -p commerce -d 2026-01-15"
STAGES = ["collect", "validate", "transform", "load"]


def rows(work):
    db = sqlite3.connect("file:%s/h/warehouse.db?mode=ro" % work, uri=True)
    out = db.execute("SELECT COUNT(*), MIN(event_id), MAX(event_id), SUM(LENGTH(event_id || timestamp)) FROM raw_events").fetchall()
    done = db.execute("SELECT digest FROM etl_done WHERE stage='load'").fetchall()
    check = db.execute("PRAGMA integrity_check").fetchall()
    db.close()
    return out, done, check


def members(between):
    """Commands of the pipe, by name. between: a foreign filter after each stage, or none."""
    out = []
    for i, stage in enumerate(STAGES):
        more = " --users 3000 --threads 2" if stage == "collect" else " --threads 2"
        out.append((stage, '"$ETL" %s %s%s' % (stage, DAY, more if stage in ("collect", "transform") else "")))
        if between and i < 3:
            out.append((between.split()[0] + str(i + 1), between))
    return out


def shell(s, work, commands):
    """Statuses of the members, and what they said."""
    script = "set -o pipefail; " + " | ".join(commands) + '; echo "${PIPESTATUS[*]}"'
    env = dict(s.env, ETL_HOME=os.path.join(work, "h"), STRIKE=s.t.strike)
    p = subprocess.run(["bash", "-c", script], cwd=work, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
    return [int(x) for x in p.stdout.split()], p.stderr


def attempt(s, job):
    between, victim, bytes_ = job
    work = s.place()
    name = "pipe %s --at %s:%s:%s" % (s.name, between, victim, bytes_)
    before = rows(work)
    all_ = members(between)
    names = [m[0] for m in all_]
    commands = [m[1] for m in all_]
    if victim.startswith("cut"):
        at = int(victim[3:])
        names.insert(at, "cut")
        commands.insert(at, "head -c %d" % bytes_)
    else:
        at = names.index(victim)
        commands[at] = '"$STRIKE" -u / %s %d -- %s' % ("-I" if victim == "load" else "-O", bytes_, commands[at])
    statuses, err = shell(s, work, commands)
    problems = []
    if not victim.startswith("cut") and statuses[at] != 137:
        problems.append("%s was to be killed, and ended with %d" % (victim, statuses[at]))
    problems += ["%s ended with %d, not 4" % (names[i], statuses[i]) for i in range(at + 1, len(names))
                 if names[i] in STAGES and statuses[i] != 4]
    if rows(work) != before:
        problems.append("the table changed")
    if problems:
        return [name + ": %s" % statuses] + problems + err.splitlines()[-6:]
    statuses, err = shell(s, work, commands_of(between))  # and then all of it
    if any(statuses) or rows(work)[0::2] != s.whole[0::2]:  # jq writes other bytes, so their digest differs
        return [name + ": the whole pipe afterwards: %s" % statuses] + err.splitlines()[-4:]
    return []


def commands_of(between):
    return [m[1] for m in members(between)]


def measure(s):
    """How many bytes each stage writes, and what the table holds after a whole pipe."""
    work = s.place()
    statuses, err = shell(s, work, ['"$ETL" collect %s --users 3000 | tee c' % DAY] + [m[1] for m in members(None)[1:]])
    if any(statuses):
        raise RuntimeError("the undisturbed pipe: %s %s" % (statuses, err))
    s.whole = rows(work)
    return os.path.getsize(os.path.join(work, "c"))


def main(t):
    for name in t.options.only or SCENARIOS:
        with Scenario(t, name) as s:
            size = measure(s)
            tenths = [size * i // 10 for i in range(10)]
            jobs = [(None, m, n) for m in STAGES for n in tenths]
            for between in ("jq -c .", "grep event"):
                jobs += [(between, m[0], n) for m in members(between) for n in tenths[:9]]
            jobs += [(None, "cut%d" % at, n + 7) for at in (1, 2, 3) for n in tenths]
            if t.options.at:
                between, victim, n = t.options.at.split(":")
                jobs = [(None if between == "None" else between, victim, int(n))]
            elif not t.options.all:
                jobs = t.sample("pipe", jobs, t.options.sample)
            tried, bad = t.each(s, attempt, jobs)
            print("pipe: %d bytes, %d streams torn, %d committed or ended otherwise than with 4" % (size, tried, bad), flush=True)

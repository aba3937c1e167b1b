"""Other writers and clocks: a database held by another program for longer than we wait, a clock that goes backwards, a stage that
passes its time limit. Sleeping takes no time here (fake.c), so that a minute of waiting is tried in a moment."""
import os
import sqlite3

from common import Scenario, differences, fake, state

SCENARIOS = ["commerce_first", "commerce_forced", "shop_steps"]
YEAR = 366 * 86400
WORDS = {"busy": "another program is writing", "late": "time limit"}


def attempt(s, job):
    kind, what = job
    work = s.place()
    home = os.path.join(work, "h")
    name = "time %s --at %s:%s" % (s.name, kind, what)
    if kind == "busy":
        holder = sqlite3.connect(os.path.join(home, what), isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        settings = {"FAKE_SLEEP": 1}
    else:
        settings = {"FAKE_BACK" if kind == "back" else "FAKE_LATE": "%s:%d" % (what, YEAR)}
    env = fake(s.t, **settings)
    other = ("alerts",) if kind == "back" else ()  # by the real clock another day is late, which is told
    if kind == "back":
        env["ETL_NOW"] = ""  # the real clock
    status, err = s.run(s.command_text, work, env=env, etl=s.t.dynamic)
    if kind == "busy":
        holder.execute("ROLLBACK")
        holder.close()
    if kind in WORDS and status != 0:
        if status != 1 or WORDS[kind] not in err:
            return [name + ": ended with %s" % status] + err.splitlines()[-3:]
    elif status != s.status or kind == "busy":
        return [name + ": ended with %s" % status] + err.splitlines()[-3:]
    else:
        problems = differences({k: v for k, v in s.want.items() if k not in other}, state(home))
        if problems:
            return [name + ": ended well with another result"] + problems
    return s.heal(work, name, other)


def moments(s):
    told = os.path.join(s.base, "told")
    s.run(s.command_text, s.place(), env=dict(fake(s.t, FAKE_TOLD=told), ETL_NOW=""), etl=s.t.dynamic)
    _, real, mono, _ = map(int, open(told).read().split())
    jobs = [("back", n) for n in range(1, real + 1)] + [("late", n) for n in range(1, mono + 1)]
    held = [("busy", db) for db in ("ledger.db", "warehouse.db") if os.path.exists(os.path.join(s.template, "h", db))]
    return real, mono, held + s.t.sample("time" + s.name, jobs, s.t.options.sample)


def main(t):
    t.need_dynamic()
    for name in t.options.only or SCENARIOS:
        with Scenario(t, name) as s:
            real, mono, jobs = moments(s)
            if t.options.at:
                jobs = [tuple(t.options.at.split(":"))]
            tried, bad = t.each(s, attempt, jobs)
            print("time %-18s %3d + %3d looks at the clocks, %4d cases, %d ended badly" % (name, real, mono, tried, bad), flush=True)

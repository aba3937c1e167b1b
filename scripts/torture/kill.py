"""SIGKILL at every call that changes anything: before it, and in the middle of a write. Then the next run must put all right.

One in eight of the next runs is killed as well, at a moment of its own, before the one that counts."""
import random

from common import Scenario, outputs

SCENARIOS = ["commerce_first", "commerce_again", "commerce_forced", "commerce_gate", "shop_steps", "filter_load", "filter_mart", "filter_validate", "schema_check", "pothole_run",
             "pothole_prune", "parts_run", "web_run",
             "shop_alerts", "commerce_range"]


def attempt(s, job):
    action, n, second = job
    work = s.place()
    status, err, total, struck, what = s.strike(s.command_text, work, "-n", n, "-a", action)
    name = "kill %s --at %s:%d%s (%s)" % (s.name, action, n, ":%d" % second if second else "", what)
    if struck and status != 137:
        return [name + ": struck, yet it ended with %s" % status] + err.splitlines()[-3:]
    if not struck and status != s.status:
        return [name + ": not struck, yet it ended with %s" % status] + err.splitlines()[-3:]
    half = [x for x in outputs(work).items() if "%s %s" % x not in s.want["output"]]
    if half:
        return [name + ": an output of -o is neither whole nor absent: %s" % half]
    if second:
        s.strike(s.again_text, work, "-n", second, "-a", "kill")
    return s.heal(work, name)


def main(t):
    for name in t.options.only or SCENARIOS:
        with Scenario(t, name) as s:
            total = len(s.calls)
            jobs = [("kill", n) for n in range(1, total + 1)] + [("torn", n) for n in s.numbers("write", "pwrite", "writev")]
            jobs = t.sample("kill" + name, jobs, t.options.sample)
            dice = random.Random("%s:second:%s" % (t.options.seed, name))
            jobs = [(a, n, dice.randint(1, total) if dice.random() < 0.125 else 0) for a, n in jobs]
            if t.options.at:
                action, n, *second = t.options.at.split(":")
                jobs = [(action, int(n), int(second[0]) if second else 0)]
            tried, bad = t.each(s, attempt, jobs)
            print("kill %-18s %5d calls, %5d kills (%d of them twice), %d left a difference" %
                  (name, total, tried, sum(1 for j in jobs[:tried] if j[2]), bad), flush=True)

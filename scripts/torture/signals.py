"""Signals at every call that changes anything: the run ends with 128 + n after its teardown, or as usual when it was through;
SIGPIPE changes nothing. The next run must put all right."""
import os

from common import Scenario

SCENARIOS = ["commerce_first", "shop_steps", "filter_load", "parts_run", "web_run", "shop_alerts", "commerce_range"]
NUMBERS = {"TERM": 15, "INT": 2, "HUP": 1, "PIPE": 13, "INT2": 2}


def hooks(work):
    path = os.path.join(work, "hooks.log")
    return open(path).read().split() if os.path.exists(path) else []


def attempt(s, job):
    sig, n = job
    work = s.place()
    before = len(hooks(work))
    status, err, total, struck, what = s.strike(s.command_text, work, "-n", n, "-a", sig)
    name = "signal %s --at %s:%d (%s)" % (s.name, sig, n, what)
    allowed = {s.status} if sig == "PIPE" else {s.status, 128 + NUMBERS[sig]}
    if struck and status not in allowed:
        return [name + ": ended with %s" % status] + err.splitlines()[-3:]
    if struck and sig != "PIPE" and s.command_text.startswith("run") and n < len(s.calls) * 0.4 and status == s.status:
        return [name + ": most of the run was still to come, yet it went on to its end"]
    ran = hooks(work)[before:]
    if sig != "INT2" and ran and ran[-1] != "teardown":
        return [name + ": the teardown hook did not run: %s" % ran] + err.splitlines()[-3:]
    return s.heal(work, name)


def main(t):
    for name in t.options.only or SCENARIOS:
        with Scenario(t, name) as s:
            jobs = [(sig, n) for sig in NUMBERS for n in range(1, len(s.calls) + 1)]
            jobs = t.sample("signal" + name, jobs, t.options.sample)
            if t.options.at:
                sig, n = t.options.at.split(":")
                jobs = [(sig, int(n))]
            tried, bad = t.each(s, attempt, jobs)
            print("signal %-16s %5d calls, %5d signals, %d ended badly" % (name, len(s.calls), tried, bad), flush=True)

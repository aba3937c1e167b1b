"""An allocation fails: once at each place in the code that allocates (six calls deep), and from there on; and at moments by
dice. Threads that cannot be started are tried too. The command ends with status 1 and a message, or succeeds with the right result; never by a signal. Then the next run must put all
right."""
import os
import random

from common import Scenario, differences, fake, state, without_indexes

SCENARIOS = ["commerce_first", "shop_steps", "commerce_gate", "commerce_report", "schema_check", "parts_run", "web_run", "shop_alerts"]


def attempt(s, job):
    work = s.place()
    what = {"FAKE_THREAD": job[6:]} if job.startswith("thread") else {"FAKE_MALLOC": job}
    status, err = s.run(s.command_text, work, env=fake(s.t, **what), etl=s.t.dynamic)
    name = "memory %s --at %s" % (s.name, job)
    if status == s.status == 0:
        got = dict(state(os.path.join(work, "h")), left=[], alerts=[])
        problems = differences(without_indexes(dict(s.want, left=[], alerts=[]), got, err), got)
        if problems:
            return [name + ": ended well with another result"] + problems
    elif status not in (1, s.status):  # after a failed gate, what fails besides is a warning
        return [name + ": ended with %s" % status] + err.splitlines()[:12]
    elif not err.strip():
        return [name + ": status 1 without a word"]
    return s.heal(work, name)


def moments(s):
    told, places = os.path.join(s.base, "told"), os.path.join(s.base, "places")
    s.run(s.command_text, s.place(), env=fake(s.t, FAKE_TOLD=told, FAKE_PLACES=places), etl=s.t.dynamic)
    total, _, _, threads = map(int, open(told).read().split())
    first = [int(n) for n in open(places) if int(n)]
    dice = random.Random("%s:%s" % (s.t.options.seed, s.name))
    return total, len(first), ["%d%s" % (n, on) for n in first for on in ("", "+")] + [str(dice.randint(1, total)) for _ in range(200)], threads_of(threads)


def threads_of(n):
    return ["thread%d%s" % (i, on) for i in range(1, n + 1) for on in ("", "+")]


def main(t):
    t.need_dynamic()
    for name in t.options.only or SCENARIOS:
        with Scenario(t, name) as s:
            total, places, jobs, threads = moments(s)
            jobs = [t.options.at] if t.options.at else t.sample("memory" + name, jobs + threads, t.options.sample * 2)
            tried, bad = t.each(s, attempt, jobs)
            print("memory %-16s %5d allocations at %d places, %d threads, %5d failures, %d ended badly" %
                  (name, total, places, len(threads) // 2, tried, bad), flush=True)

"""An allocation fails: once at each place in the code that allocates (six calls deep), and from there on; and at moments by
dice. The command ends with status 1 and a message, or succeeds with the right result; never by a signal. Then the next run must put all
right."""
import os
import random

from common import Scenario, differences, fake, state

SCENARIOS = ["commerce_first", "shop_steps", "commerce_gate", "commerce_report", "schema_check"]


def attempt(s, job):
    work = s.place()
    status, err = s.run(s.command_text, work, env=fake(s.t, FAKE_MALLOC=job), etl=s.t.dynamic)
    name = "memory %s --at %s" % (s.name, job)
    if status == s.status == 0:
        got = dict(state(os.path.join(work, "h")), left=[])
        problems = differences(dict(s.want, left=[]), got)
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
    total = int(open(told).read().split()[0])
    first = [int(n) for n in open(places) if int(n)]
    dice = random.Random("%s:%s" % (s.t.options.seed, s.name))
    return total, len(first), ["%d%s" % (n, on) for n in first for on in ("", "+")] + [str(dice.randint(1, total)) for _ in range(200)]


def main(t):
    t.need_dynamic()
    for name in t.options.only or SCENARIOS:
        with Scenario(t, name) as s:
            total, places, jobs = moments(s)
            jobs = [t.options.at] if t.options.at else t.sample("memory" + name, jobs, t.options.sample * 2)
            bad = t.each(s, attempt, jobs)
            print("memory %-16s %5d allocations at %d places, %5d failures, %d ended badly" % (name, total, places, len(jobs), bad), flush=True)

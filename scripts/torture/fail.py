"""A system call fails: once, or from there on, as on a full or a broken disk. The run succeeds with the right result, or ends
with status 1 and a message that names the place and the reason; then the next run must put all right."""
import re

from common import Scenario, differences, state, without_indexes

SCENARIOS = ["commerce_first", "commerce_forced", "shop_steps", "filter_load", "filter_validate", "schema_check", "pothole_run", "pothole_prune", "parts_run", "web_run", "shop_alerts"]
ROOM = ("write", "pwrite", "writev", "ftruncate", "fallocate", "openat", "open", "mkdir", "rename", "renameat2", "link", "linkat")
WAITS = ("write", "pwrite", "writev", "fsync", "fdatasync", "ftruncate", "openat")
# "it is read-only": SQLite opens a file for reading when it cannot open it for writing, and keeps the reason to itself
REASONS = {
    "ENOSPC": r"it is read-only|is the disk full|No space left|disk is full|database or disk is full",
    "EIO": r"it is read-only|is the disk full|Input/output error|reading or writing failed|cannot open|disk I/O error|is damaged|hook ended",
    "EINTR": r"it is read-only|is the disk full|Interrupted system call|reading or writing failed|hook ended",
    "EMFILE": r"it is read-only|is the disk full|Too many open files|cannot open|hook ended",
}
PLACE = r"cannot (write|sync|read|put) [a-z.]+|directory \.|/w\d+(/|\b)|pipeline.json|ledger|warehouse|commerce 2026|(shop|parts|pothole) 2026|hook"


def judge(s, action, status, err):
    fault = action.rstrip("+")
    if status == s.status:
        return []
    if fault == "short":
        return ["a short write is no error, yet it ended with %s" % status]
    definition = re.search(r"cannot read (schemas/|event\.schema)", err)  # what cannot be read of it is configuration
    if status != 1 and not (status == 2 and definition):
        return ["ended with %s" % status]
    if not re.search(REASONS[fault], err):
        return ["the message does not say why"]
    if not re.search(PLACE, err):
        return ["the message does not say where"]
    return []


def attempt(s, job):
    action, n, kinds = job
    work = s.place()
    args = ["-n", n, "-a", action] + (["-k", kinds] if kinds else [])
    status, err, total, struck, what = s.strike(s.command_text, work, *args)
    name = "fail %s --at %s:%d:%s (%s)" % (s.name, action, n, kinds, what)
    problems = judge(s, action, status, err) if struck else []
    if not problems and status == s.status == 0 and "warning: retention:" not in err:  # that fails no day
        got = state(work + "/h")
        got["left"] = got["alerts"] = []  # what could not be removed is swept, what could not be told is told by the next run
        want = without_indexes(dict(s.want, left=[], alerts=[]), got, err)
        problems = differences(want, got)
    if problems:
        return [name] + problems + ["it said: " + line for line in err.splitlines()[-3:]]
    return s.heal(work, name)


def moments(s):
    jobs = [("ENOSPC", n, "") for n in s.numbers(*ROOM)]
    jobs += [("EIO", n, "") for n in range(1, len(s.calls) + 1)]
    jobs += [("EINTR", n, "") for n in s.numbers(*WAITS)]
    jobs += [("short", n, "") for n in s.numbers("write", "pwrite")]
    jobs += [("EMFILE", n, "") for n in s.numbers("openat", "open")]
    full = s.numbers(*ROOM)
    jobs += [("ENOSPC+", n, "write,truncate,mkdir,create") for n in range(1, len(full) + 1)]
    jobs += [("EIO+", n, "") for n in range(1, len(s.calls) + 1)]
    return jobs + [("EIO", n, "read") for n in range(1, s.reads + 1)]


def main(t):
    for name in t.options.only or SCENARIOS:
        with Scenario(t, name) as s:
            s.reads = s.strike(s.command_text, s.place(), "-k", "read")[2]
            jobs = t.sample("fail" + name, moments(s), t.options.sample * 2)
            if t.options.at:
                action, n, kinds = t.options.at.split(":")
                jobs = [(action, int(n), kinds)]
            tried, bad = t.each(s, attempt, jobs)
            print("fail %-18s %5d calls and %d reads, %5d failures, %d ended badly" % (name, len(s.calls), s.reads, tried, bad), flush=True)

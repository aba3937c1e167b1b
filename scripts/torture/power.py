"""Power loss: what a run does to the files is recorded, and replayed up to each moment as a disk might hold it then.

A write is safe only when its file was synced after it, a name (made, renamed, removed) only when its directory was. Of
what is not safe yet, a disk may hold anything. After each recorded call five disks are made of it, and on each the next
run must put all right, without doing again what the ledger calls done:

  none     nothing that is not safe
  meta     all names, but no bytes: a new file is empty
  data     all bytes, but no names
  1, 2     by dice: of each file some writes, whole, torn at 512 or 4,096 bytes, or none; of the names a beginning or any

After the last call nothing may be left to do: what was told as done is safe.
"""
import json
import os
import random
import shutil
import sqlite3

from common import Scenario

SCENARIOS = ["commerce_first", "commerce_forced", "commerce_gate", "shop_steps", "filter_load", "filter_mart", "filter_validate", "schema_check", "pothole_prune", "parts_run", "web_run", "shop_alerts",
             "commerce_range"]
DISKS = ["none", "meta", "data", "1", "2"]


class File:
    def __init__(self, safe=b"", mtime=None):
        self.safe, self.mtime = bytearray(safe), mtime  # mtime: as long as nobody has written to it
        self.pending = []  # ("w", position, bytes) or ("t", size)

    def sync(self):
        for op in self.pending:
            apply(self.safe, op)
        self.pending = []


class Dir:
    def __init__(self):
        self.now, self.safe = {}, {}


def apply(to, op):
    if op[0] == "t":
        del to[op[1]:]
        to.extend(bytes(op[1] - len(to)))
        return
    _, at, data = op
    if len(to) < at:
        to.extend(bytes(at - len(to)))
    to[at:at + len(data)] = data


def torn(op, dice):
    """What of a write or truncation reached the disk: a list of smaller ones."""
    lot = dice.random()
    if op[0] == "t" or lot < 0.6:
        return [op] if lot < 0.3 or (op[0] == "t" and lot < 0.5) else []
    sector, out = dice.choice((512, 4096)), []
    _, at, data = op
    while data:
        n = min(sector - at % sector, len(data))
        if dice.random() < 0.5:
            out.append(("w", at, data[:n]))
        at, data = at + n, data[n:]
    return out


class Disk:
    """A file system of which we know what is safe."""

    def __init__(self, work):
        self.work, self.root, self.files, self.groups = work, Dir(), {}, []
        self.read(work, self.root)

    def read(self, path, node):
        for entry in os.scandir(path):
            if entry.is_dir(follow_symlinks=False):
                child = Dir()
                self.read(entry.path, child)
            else:
                with open(entry.path, "rb") as f:
                    child = File(f.read(), os.stat(entry.path).st_mtime_ns)
                self.files[entry.inode()] = child
            node.now[entry.name] = node.safe[entry.name] = child

    def find(self, path):
        node = self.root
        for name in os.path.relpath(path, self.work).split("/"):
            if name != ".":
                node = node.now[name]
        return node

    def place(self, path):
        return self.find(os.path.dirname(path)), os.path.basename(path)

    def change(self, *changes):
        for d, name, node in changes:
            if node is None:
                d.now.pop(name, None)
            else:
                d.now[name] = node
        self.groups.append(changes)

    def do(self, op, data):
        kind = op["o"]
        if kind in "wt" and op["i"] in self.files:
            self.files[op["i"]].mtime = None
        if kind == "w":
            if op["i"] in self.files:  # else a temporary file without a name
                self.files[op["i"]].pending.append(("w", op["p"], data[op["d"]:op["d"] + op["n"]]))
        elif kind == "t":
            if op["i"] in self.files:
                self.files[op["i"]].pending.append(("t", op["n"]))
        elif kind == "s":
            if op["i"] in self.files:
                self.files[op["i"]].sync()
        elif kind == "S":
            self.sync_dir(self.find(op["a"]))
        elif kind == "c":
            self.files[op["i"]] = File()
            self.change((*self.place(op["a"]), self.files[op["i"]]))
        elif kind == "m":
            self.change((*self.place(op["a"]), Dir()))
        elif kind == "u":
            self.change((*self.place(op["a"]), None))
        elif kind == "r":
            a, b = self.place(op["a"]), self.place(op["b"])
            node = a[0].now[a[1]]
            self.change((*a, b[0].now[b[1]] if op["x"] else None), (*b, node))
        else:
            raise ValueError(op)

    def sync_dir(self, d):
        left = []
        for group in self.groups:
            if not any(c[0] is d for c in group):
                left.append(group)
                continue
            for where, name, node in group:
                put(where.safe, name, node)
        self.groups = left

    def write(self, to, which, dice):
        """The disk as it may be found, below the directory `to`."""
        groups = self.groups
        if which in ("none", "data"):
            groups = []
        elif which != "meta":
            groups = groups[:dice.randint(0, len(groups))] if dice.random() < 0.5 else [g for g in groups if dice.random() < 0.5]
        names = {}
        for group in groups:
            for d, name, node in group:
                put(names.setdefault(id(d), dict(d.safe)), name, node)
        self.write_dir(to, self.root, names, which, dice)

    def write_dir(self, to, d, names, which, dice):
        os.makedirs(to, exist_ok=True)
        for name, node in sorted(names.get(id(d), d.safe).items()):
            path = os.path.join(to, name)
            if isinstance(node, Dir):
                self.write_dir(path, node, names, which, dice)
                continue
            content = bytearray(node.safe)
            for op in node.pending if which != "none" and which != "meta" else []:
                for part in [op] if which == "data" else torn(op, dice):
                    apply(content, part)
            with open(path, "wb") as f:
                f.write(content)
            if node.mtime is not None:
                os.utime(path, ns=(node.mtime, node.mtime))


def put(names, name, node):
    if node is None:
        names.pop(name, None)
    else:
        names[name] = node


def tasks(home):
    db = sqlite3.connect("file:%s/ledger.db?mode=ro" % home, uri=True)
    n = db.execute("SELECT COUNT(*) FROM tasks").fetchone()[0]
    db.close()
    return n


def attempt(s, job):
    moment, which = job
    work = s.place()
    disk = Disk(work)
    disk.files = {s.inodes[i]: f for i, f in named(disk.root, "")}  # as they were numbered when it was recorded
    disk.work = s.recorded_at
    for op in s.ops[:moment]:
        if op["o"] not in s.t.options.forget:
            disk.do(op, s.data)
    shutil.rmtree(work)
    disk.write(work, which, random.Random("%s:%s:%d:%s" % (s.t.options.seed, s.name, moment, which)))
    home = os.path.join(work, "h")
    what = s.ops[moment - 1]
    name = "power %s --at %d:%s (after %s %s)" % (s.name, moment, which, what["o"], what.get("a", "").replace(s.recorded_at + "/", ""))
    problems = s.heal(work, name)
    if not problems and moment == len(s.ops) and tasks(home) != s.ntasks:
        problems = [name + ": %d rows of tasks, %d undisturbed: what was told as done is done again" % (tasks(home), s.ntasks)]
    return problems


def named(d, path):
    """Files of a disk as (path, File)."""
    for name, node in d.now.items():
        if isinstance(node, Dir):
            yield from named(node, path + "/" + name)
        else:
            yield path + "/" + name, node


def record(s):
    """Run it once, recording; then once more, which does again what a failed gate wants done again, and nothing else."""
    work = s.place()
    s.inodes = {}
    for top, _, files in os.walk(work):
        for name in files:
            s.inodes[os.path.join(top, name)[len(work):]] = os.stat(os.path.join(top, name)).st_ino
    log = os.path.join(s.base, "record")
    status, err, *_ = s.strike(s.command_text, work, "-r", log)
    if status != s.status:
        raise RuntimeError("recording %s ended with %s: %s" % (s.name, status, err))
    s.recorded_at = work
    s.run(s.again_text, work)
    s.ntasks = tasks(os.path.join(work, "h"))
    with open(log) as f:
        s.ops = [json.loads(line) for line in f]
    with open(log + ".data", "rb") as f:
        s.data = f.read()


def main(t):
    for name in t.options.only or SCENARIOS:
        with Scenario(t, name) as s:
            record(s)
            jobs = [(n, d) for n in range(1, len(s.ops) + 1) for d in DISKS]
            jobs = [(len(s.ops), d) for d in DISKS] + t.sample("power" + name, jobs, t.options.sample)
            if t.options.at:
                n, d = t.options.at.split(":")
                jobs = [(int(n), d)]
            tried, bad = t.each(s, attempt, jobs)
            print("power %-17s %5d moments, %5d disks tried, %d left a difference" % (name, len(s.ops), tried, bad), flush=True)

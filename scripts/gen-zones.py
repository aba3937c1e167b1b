#!/usr/bin/env python3
"""Writes lib/base/zones.def from a machine's time zone data: each zone's POSIX TZ rule (the
footer of its TZif file, RFC 8536), which is the rule in force now and for years to come. Run by hand
when tzdata changes; the result is committed so that the binary needs no files at run time."""
import os, sys
root = "/usr/share/zoneinfo"
rows = []
for top, dirs, files in os.walk(root):
    dirs[:] = [d for d in dirs if d not in ("posix", "right")]
    for f in files:
        path = os.path.join(top, f)
        name = os.path.relpath(path, root)
        data = open(path, "rb").read()
        if data[:4] != b"TZif" or name in ("localtime", "posixrules", "Factory"):
            continue
        rule = data.rstrip(b"\n").split(b"\n")[-1].decode()
        rows.append((name, rule))
print("/* Made by scripts/gen-zones.py: ZONE(name, POSIX rule), sorted by name. */")
for name, rule in sorted(rows):
    print('ZONE("%s", "%s")' % (name, rule))

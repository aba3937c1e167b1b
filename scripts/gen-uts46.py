#!/usr/bin/env python3
"""Writes lib/json/format_uts46.inc, the mapping of UTS 46 (IdnaMappingTable.txt of the Unicode
Consortium, as packed in the Python package `idna`), for lib/json/format_uts46.c. Run by hand when
Unicode changes, after `pip install idna`; the result is committed: the binary needs no files at
run time. gen-uts46.py >lib/json/format_uts46.inc"""
import unicodedata
from idna import uts46data as u


def host(text):
    return all(c in "-." or unicodedata.category(c) in ("Ll", "Lo", "Lm", "Mn", "Mc", "Nd") for c in text)


mapped, ends = {}, list(u.uts46_starts[1:]) + [0x110000]
for start, end, status, text in zip(u.uts46_starts, ends, u.uts46_statuses, u.uts46_replacements):
    for c in range(start, end):
        if chr(status) == "M" and (host(text) or host(chr(c))):  # else it is no host name either way
            mapped[c] = text
        elif chr(status) == "I":
            mapped[c] = ""

delta = {c: ord(t) - c for c, t in mapped.items() if len(t) == 1}
runs, left = [], dict(delta)
for c in sorted(delta):
    if c not in left:
        continue
    best = (1, 1)
    for step in (1, 2):
        n = 1
        # a run of every second code point must have nothing mapped between, or the search would miss it
        while left.get(c + n * step) == delta[c] and (step == 1 or c + n * step - 1 not in mapped):
            n += 1
        best = max(best, (n, step), key=lambda x: x[0])
    for k in range(best[0]):
        del left[c + k * best[1]]
    runs.append((c, best[0], best[1], delta[c]))

print("/* Made by scripts/gen-uts46.py from the mapping of UTS 46, Unicode %s. */" % u.__version__)
print("/* {first, count, step, what to add} */")
print("static const struct run runs[] = {")
line = ""
for row in runs:
    item = "{0x%x,%d,%d,%d}," % row
    if len(line) + len(item) > 116:
        print(line)
        line = ""
    line += item
print(line + "\n};")
print("/* What becomes several code points, or none. */")
print("static const struct string strings[] = {")
line, strings = "", sorted((c, t) for c, t in mapped.items() if len(t) != 1)
k = 0
while k < len(strings):
    c, text = strings[k]
    n = 1
    while not text and k + n < len(strings) and strings[k + n] == (c + n, ""):
        n += 1
    k += n
    utf8 = "".join(chr(b) if 32 <= b < 127 and chr(b) not in '\\"?' else "\\%03o" % b for b in text.encode())
    item = '{0x%x,%d,"%s"},' % (c, n, utf8)
    if len(line) + len(item) > 116:
        print(line)
        line = ""
    line += item
print(line + "\n};")

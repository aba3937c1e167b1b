#!/usr/bin/env python3
"""Writes lib/profile/width.inc: scripts/gen-width.py >lib/profile/width.inc

Ranges of code points that take two columns of a terminal (East Asian Wide and Fullwidth, UAX #11) or none (combining
marks, format characters, Hangul vowels and finals that join the consonant before them), from the Unicode data of
Python. Everything else takes one.
"""
import sys
import unicodedata


# Unassigned code points are narrow, but for the blocks that UAX #11 reserves for ideographs.
RESERVED = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x2FFFD), (0x30000, 0x3FFFD))


def width(c):
    ch = chr(c)
    if unicodedata.category(ch) == "Cn":
        return 2 if any(a <= c <= b for a, b in RESERVED) else 1
    if 0x1160 <= c <= 0x11FF or (unicodedata.category(ch) in ("Mn", "Me", "Cf") and c != 0xAD):
        return 0
    return 2 if unicodedata.east_asian_width(ch) in "WF" else 1


ranges = []
for c in range(0x300, sys.maxunicode + 1):
    w = width(c)
    if w == 1:
        continue
    if ranges and ranges[-1][1] == c - 1 and ranges[-1][2] == w:
        ranges[-1][1] = c
    else:
        ranges.append([c, c, w])
print("/* Made by scripts/gen-width.py from Unicode %s: first, last, columns. */" % unicodedata.unidata_version)
for i in range(0, len(ranges), 5):
    print(" ".join("{0x%x, 0x%x, %d}," % tuple(r) for r in ranges[i:i + 5]))

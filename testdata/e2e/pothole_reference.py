"""The two stages as the domain document says them, slowly: statistics for means and deviations, every bump and every
segment for every reading. Prints nothing where etl's files agree to 1e-9 relative.

    pothole_reference.py READINGS SEGMENTS BUMPS ANOMALY SUMMARY [DAY]"""
import csv, json, math, statistics, sys
from collections import Counter, OrderedDict, defaultdict

def number(x):
    return isinstance(x, (int, float)) and not isinstance(x, bool) and math.isfinite(x)

def readings(path):
    """Flat rows of a file, trips unnested; what is missing is None."""
    for line in open(path, encoding="utf-8"):
        try:
            r = json.loads(line, parse_constant=lambda c: 1 / 0)  # NaN and Infinity are no JSON
        except (ValueError, ZeroDivisionError):
            continue  # rejected
        if "records" not in r:
            yield r
            continue
        for x in r["records"]:
            a, g, p = x.get("acc") or [], x.get("gyr") or [], x.get("gps") or {}
            at = lambda l, i: l[i] if len(l) > i else None
            yield {"timestamp": x.get("ts"), "trip_id": r.get("trip_id"), "accel_x": at(a, 0), "accel_y": at(a, 1),
                   "accel_z": at(a, 2), "gyro_x": at(g, 0), "gyro_y": at(g, 1), "gyro_z": at(g, 2),
                   "velocity": x.get("spd"), "lon": p.get("lng"), "lat": p.get("lat"), "hdop": p.get("hdop"),
                   "satellites": p.get("sat")}

LIMITS = {"lon": (124, 132), "lat": (33, 43), "velocity": (0, 300), "accel_x": (-100, 100), "accel_y": (-100, 100),
          "accel_z": (-100, 100), "gyro_x": (-2000, 2000), "gyro_y": (-2000, 2000), "gyro_z": (-2000, 2000)}
BOX = {"lon": (127.52, 127.78), "lat": (34.50, 35.07)}

def stage1(path, bumps):
    kept, reasons = [], Counter()
    for r in readings(path):
        if r.get("hdop") is None: r["hdop"] = 99
        if r.get("satellites") is None: r["satellites"] = 0
        if not all(number(r.get(k)) and lo <= r[k] <= hi for k, (lo, hi) in LIMITS.items()) or \
           not number(r.get("timestamp")) or r["timestamp"] != int(r["timestamp"]) or r.get("trip_id") is None:
            reasons["invalid"] += 1
        elif not all(lo <= r[k] <= hi for k, (lo, hi) in BOX.items()):
            reasons["outside"] += 1
        elif not (number(r["hdop"]) and number(r["satellites"]) and r["velocity"] > 5 and r["hdop"] <= 5 and
                  r["satellites"] >= 4):
            reasons["unfit"] += 1
        else:
            kept.append(r)
    trips = defaultdict(list)
    for r in kept: trips[r["trip_id"]].append(r)
    spread = {}
    for t, rows in trips.items():
        for f in ("accel_z", "gyro_y"):
            v = [r[f] for r in rows]
            spread[t, f] = (statistics.mean(v), statistics.stdev(v) if len(v) > 1 else 0)
    def z(r, f):
        mean, sd = spread[r["trip_id"], f]
        return (r[f] - mean) / sd if sd else 0.0
    out = []
    for r in kept:
        score = 0.7 * abs(z(r, "accel_z")) + 0.3 * abs(z(r, "gyro_y"))
        hole = 1 if score > 3.0 else 0
        if hole:
            for blon, blat, length in bumps:
                L = length / (2 * 100 * 111000)
                if abs(r["lat"] - blat) <= L and abs(r["lon"] - blon) * math.cos(math.radians(r["lat"])) <= L:
                    hole = 0
                    break
        out.append((r["timestamp"], r["lon"], r["lat"], score, hole))
    return out, reasons

def stage2(rows, segments, day):
    groups = {}
    for _, lon, lat, _, hole in rows:
        best, at = None, None
        for s_id, x, y in segments:
            d = (x - lon) * (x - lon) + (y - lat) * (y - lat)
            if best is None or d < best: best, at = d, s_id
        g = groups.setdefault(at, [0, [], []])
        g[0] += hole
        g[1].append(lon)
        g[2].append(lat)
    return [(s, day, g[0], len(g[1]), statistics.mean(g[1]), statistics.mean(g[2])) for s, g in sorted(groups.items())]

def close(a, b):
    return a == b or (number(a) and number(b) and abs(a - b) <= 1e-9 * max(abs(a), abs(b)))

def compare(name, want, got):
    if len(want) != len(got): sys.exit("%s: %d rows, not %d" % (name, len(got), len(want)))
    for i, (w, g) in enumerate(zip(want, got)):
        if len(w) != len(g) or not all(close(a, b) for a, b in zip(w, g)):
            sys.exit("%s row %d: %r, not %r" % (name, i + 1, g, w))

def main():
    path, segs, bump_file, anomaly, summary = sys.argv[1:6]
    day = sys.argv[6] if len(sys.argv) > 6 else "2026-01-15"
    bumps = [(float(b["WGS84경도"]), float(b["WGS84위도"]), float(b["과속방지턱연장"])) for b in csv.DictReader(open(bump_file))]
    bumps = [b for b in bumps if 124 <= b[0] <= 132 and 33 <= b[1] <= 43 and 30 <= b[2] <= 3000]
    segments = [(s["s_id"], (float(s["start_lon"]) + float(s["end_lon"])) / 2,
                 (float(s["start_lat"]) + float(s["end_lat"])) / 2) for s in csv.DictReader(open(segs))]
    rows, reasons = stage1(path, bumps)
    compare(anomaly, rows, [tuple(json.loads(l)[k] for k in ("timestamp", "lon", "lat", "impact_score", "is_pothole"))
                            for l in open(anomaly)])
    compare(summary, stage2(rows, segments, day),
            [tuple(json.loads(l)[k] for k in ("s_id", "date", "impact_count", "total_count", "centroid_lon",
                                              "centroid_lat")) for l in open(summary)])
    print(" ".join("%s %d" % x for x in sorted(reasons.items())), "kept", len(rows), "suspects", sum(r[4] for r in rows))

main()

#!/usr/bin/env python3
"""Makes the invented road of the pothole pipeline: schemas/pothole/{segments,bumps,grades}.csv.

No real road: a bent line of 50 m segments inside the box of the definition, in links of 20 to 60 segments, with speed
bumps (some of them as public tables have them: at sea, at 11.111, with lengths in metres) and a grade for most
segments. The same bytes every time."""
import math, random, sys

OUT = sys.argv[1] if len(sys.argv) > 1 else "schemas/pothole"
SEGMENTS = 1200
rng = random.Random(863)

def road():
    lon, lat, heading = 127.548, 34.521, 1.25
    points = [(lon, lat)]
    for i in range(SEGMENTS):
        want = 1.35 + 0.55 * math.sin(i / 70) + 0.3 * math.sin(i / 17)
        heading += (want - heading) * 0.2 + rng.uniform(-0.04, 0.04)
        lon += 50 * math.cos(heading) / (111000 * math.cos(math.radians(lat)))
        lat += 50 * math.sin(heading) / 111000
        points.append((round(lon, 6), round(lat, 6)))
    return points

def main():
    points, link, left, at = road(), 9000000100, 0, 0
    segments = []
    for a, b in zip(points, points[1:]):
        if not left:
            link, left, at = link + 1, rng.randint(20, 60), 0
        segments.append(("%d_%04d" % (link, at), link, a[0], a[1], b[0], b[1]))
        left, at = left - 1, at + 1
    with open(OUT + "/segments.csv", "w") as f:
        f.write("s_id,link_id,start_lon,start_lat,end_lon,end_lat\n")
        for s in segments:
            f.write("%s,%d,%.6f,%.6f,%.6f,%.6f\n" % s)
    with open(OUT + "/grades.csv", "w") as f:
        f.write("s_id,link_id,road_grade\n")
        for s in segments:
            if rng.random() < 0.95:
                f.write("%s,%d,%d\n" % (s[0], s[1], rng.choice([1, 2, 2, 3, 3, 3, 4, 5])))
    with open(OUT + "/bumps.csv", "w") as f:
        f.write("WGS84위도,WGS84경도,과속방지턱폭,과속방지턱연장,도로유형구분\n")
        for s in rng.sample(segments, 60):
            f.write("%.6f,%.6f,%d,%d,%s\n" % ((s[3] + s[5]) / 2, (s[2] + s[4]) / 2, rng.choice([100, 360, 360]),
                                               rng.choice([400, 500, 600, 1000]), rng.choice(["03", "04", "08"])))
        f.write("11.111,111.111,360,400,04\n34.1,131.9,360,400,04\n0,0,360,400,04\n")
        for s in rng.sample(segments, 3):
            f.write("%.6f,%.6f,3.6,4,04\n" % (s[3], s[2]))

main()

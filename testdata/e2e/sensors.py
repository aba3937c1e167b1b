"""Made-up readings along a table of segments, with everything that sensors get wrong. sensors.py flat|trips|csv SEGMENTS
TRIPS SEED [shuffle] [clean]"""
import csv, json, random, sys

KIND, SEGMENTS, TRIPS, SEED = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
rng = random.Random(SEED)
segments = list(csv.DictReader(open(SEGMENTS)))

def spoil(r):
    x = rng.random()
    if x > 0.06: return
    what = rng.choice(["text", "null", "absent", "far", "swap", "zero", "hdop", "nohdop", "nosat", "seconds", "speed",
                       "accel", "huge", "ts"])
    if what == "text": r[rng.choice(["lon", "accel_z", "gyro_y", "velocity"])] = rng.choice(["12.5", "", "n/a", "NaN"])
    if what == "null": r[rng.choice(["lat", "accel_x", "gyro_z"])] = None
    if what == "absent": del r[rng.choice(["accel_y", "gyro_x", "velocity"])]
    if what == "far": r["lon"] += rng.choice([0.5, 1, 30])
    if what == "swap": r["lon"], r["lat"] = r["lat"], r["lon"]
    if what == "zero": r["lon"] = r["lat"] = 0
    if what == "hdop": r["hdop"] = -1
    if what == "nohdop": r["hdop"] = None
    if what == "nosat": r.pop("satellites")
    if what == "seconds": r["timestamp"] //= 1000
    if what == "speed": r["velocity"] = rng.choice([-1, 300.01, 1e9])
    if what == "accel": r["accel_z"] = rng.choice([-100.01, 101, 1e300])
    if what == "huge": r["gyro_y"] = rng.choice([2000, 1.5e3, -2E3, 0.1234567890123456789, 2001])
    if what == "ts": r["timestamp"] = rng.choice([None, "1768435200000", 1768435200000.5])

def trip(t):
    rows, at = [], rng.randrange(len(segments))
    flat = rng.random() < 0.05  # constant acceleration
    for k in range(rng.choice([1, 2, 40, 60, 200])):
        g = segments[(at + k // 8) % len(segments)]
        u, v = rng.uniform(-0.0004, 0.0004), rng.uniform(-0.0004, 0.0004)
        if rng.random() < 0.3: u = v = 0.0
        z = 9.81 if flat else 9.81 + rng.gauss(0, 0.3) + (rng.random() < 0.03) * rng.uniform(-9, 9)
        r = {"timestamp": 1768435200000 + t * 1000 + k * 100, "trip_id": "T%05d" % t, "vehicle_id": "V%d" % (t % 7),
             "accel_x": round(rng.gauss(0, 0.2), 4), "accel_y": round(rng.gauss(0, 0.2), 4), "accel_z": round(z, 5),
             "gyro_x": round(rng.gauss(0, 1), 4), "gyro_y": 0 if flat else round(rng.gauss(0, 2), 4),
             "gyro_z": round(rng.gauss(0, 1), 4), "velocity": round(rng.uniform(3, 60), 2),
             "lon": round((float(g["start_lon"]) + float(g["end_lon"])) / 2 + u, 6),
             "lat": round((float(g["start_lat"]) + float(g["end_lat"])) / 2 + v, 6),
             "hdop": round(rng.uniform(0.8, 5.5), 1), "satellites": rng.randint(3, 12)}
        if "clean" not in sys.argv: spoil(r)
        rows.append(r)
        if rng.random() < 0.01: rows.append(dict(r))  # the same reading again
    return rows

all_rows = [r for t in range(TRIPS) for r in trip(t)]
if "shuffle" in sys.argv: rng.shuffle(all_rows)
if KIND == "flat":
    for r in all_rows: print(json.dumps(r))
elif KIND == "csv":
    names = ["timestamp", "trip_id", "vehicle_id", "accel_x", "accel_y", "accel_z", "gyro_x", "gyro_y", "gyro_z",
             "velocity", "lon", "lat", "hdop", "satellites"]
    w = csv.DictWriter(sys.stdout, names, lineterminator="\n")
    w.writeheader()
    for r in all_rows: w.writerow({k: "" if r.get(k) is None else r[k] for k in names})
else:
    by = {}
    for r in all_rows: by.setdefault(r["trip_id"], []).append(r)
    for t, rows in by.items():
        recs = [{"ts": r.get("timestamp"), "acc": [r.get("accel_x"), r.get("accel_y"), r.get("accel_z")],
                 "gyr": [r.get("gyro_x"), r.get("gyro_y"), r.get("gyro_z")], "spd": r.get("velocity"),
                 "gps": {"lng": r.get("lon"), "lat": r.get("lat"), "hdop": r.get("hdop"), "sat": r.get("satellites")}}
                for r in rows]
        print(json.dumps({"trip_id": t, "vin": "V", "device_type": "A", "records": recs}))

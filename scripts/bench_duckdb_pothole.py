"""A peer for make bench: DuckDB does stage 1 of pothole on the same file, with window functions, and writes its rows.

Usage: bench_duckdb_pothole.py READINGS.jsonl BUMPS.csv OUT.jsonl THREADS. Prints how many rows and suspects came out.
Only run where Python finds the module duckdb; no part of the product.
"""
import sys

import duckdb

readings, bumps, out, threads = sys.argv[1:5]
con = duckdb.connect()
con.execute(f"SET threads={int(threads)}")
con.execute("SET preserve_insertion_order=false")  # which is to its advantage: etl keeps the order
NUMBERS = ("accel_x", "accel_y", "accel_z", "gyro_x", "gyro_y", "gyro_z", "velocity", "lon", "lat", "hdop")
columns = {"timestamp": "BIGINT", "trip_id": "VARCHAR", "vehicle_id": "VARCHAR", "satellites": "INTEGER", **{n: "DOUBLE" for n in NUMBERS}}
spec = "{" + ", ".join(f"'{k}': '{v}'" for k, v in columns.items()) + "}"
source = (f"read_csv('{readings}', columns={spec})" if readings.endswith(".csv")
          else f"read_json('{readings}', format='newline_delimited', columns={spec})")
con.execute(f"""CREATE TABLE bump AS SELECT "WGS84위도"::DOUBLE AS lat, "WGS84경도"::DOUBLE AS lon, "과속방지턱연장"::DOUBLE / 22200000 AS l
    FROM read_csv('{bumps}', all_varchar=true) WHERE "WGS84위도"::DOUBLE BETWEEN 33 AND 43 AND "WGS84경도"::DOUBLE BETWEEN 124 AND 132
    AND "과속방지턱연장"::DOUBLE BETWEEN 30 AND 3000""")
con.execute(f"""COPY (
    WITH kept AS (
        SELECT timestamp, lon, lat, trip_id, accel_z, gyro_y FROM {source}
        WHERE lon BETWEEN 127.52 AND 127.78 AND lat BETWEEN 34.50 AND 35.07 AND velocity > 5 AND velocity <= 300 AND coalesce(hdop, 99) <= 5
          AND coalesce(satellites, 0) >= 4 AND abs(accel_x) <= 100 AND abs(accel_y) <= 100 AND abs(accel_z) <= 100
          AND abs(gyro_x) <= 2000 AND abs(gyro_y) <= 2000 AND abs(gyro_z) <= 2000),
    scored AS (
        SELECT timestamp, lon, lat,
               0.7 * abs(coalesce((accel_z - avg(accel_z) OVER t) / nullif(stddev_samp(accel_z) OVER t, 0), 0))
             + 0.3 * abs(coalesce((gyro_y - avg(gyro_y) OVER t) / nullif(stddev_samp(gyro_y) OVER t, 0), 0)) AS impact_score
        FROM kept WINDOW t AS (PARTITION BY trip_id))
    SELECT *, (impact_score > 3.0 AND NOT EXISTS (
        SELECT 1 FROM bump b WHERE abs(s.lat - b.lat) <= b.l AND abs(s.lon - b.lon) * cos(radians(s.lat)) <= b.l))::INTEGER AS is_pothole
    FROM scored s) TO '{out}' (FORMAT json)""")
print(con.execute(f"SELECT count(*), sum(is_pothole) FROM read_json('{out}', format='newline_delimited')").fetchone())

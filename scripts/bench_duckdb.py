"""A peer for make bench: DuckDB on the same events. Seven checks in SQL, the load into a database file, four marts.

Usage: bench_duckdb.py EVENTS.jsonl DATABASE DAY THREADS. Prints seconds of each part as name=seconds.
Only run where Python finds the module duckdb; no part of the product.
"""
import sys
import time

import duckdb

events, path, day, threads = sys.argv[1:5]
con = duckdb.connect(path)
con.execute(f"SET threads={int(threads)}")
COLUMNS = {
    "event_id": "VARCHAR", "event_type": "VARCHAR", "user_id": "VARCHAR", "session_id": "VARCHAR", "timestamp": "VARCHAR",
    "platform": "VARCHAR", "device_type": "VARCHAR", "os": "VARCHAR", "browser": "VARCHAR", "page_url": "VARCHAR",
    "page_type": "VARCHAR", "referrer": "VARCHAR", "element_id": "VARCHAR", "element_type": "VARCHAR",
    "product_id": "VARCHAR", "category_id": "VARCHAR", "position": "BIGINT", "quantity": "BIGINT", "unit_price": "DOUBLE",
    "source_page": "VARCHAR", "is_recommendation": "BOOLEAN", "order_id": "VARCHAR", "total_amount": "DOUBLE",
    "payment_method": "VARCHAR", "search_query": "VARCHAR", "result_count": "BIGINT", "category_filter": "VARCHAR",
    "sort_type": "VARCHAR", "page_number": "BIGINT", "extra_data": "VARCHAR",
}
spec = "{" + ", ".join(f"'{k}': '{v}'" for k, v in COLUMNS.items()) + "}"


def part(name, *statements):
    start = time.monotonic()
    for sql in statements:
        con.execute(sql).fetchall()
    print(f"{name}={time.monotonic() - start:.2f}")


part("load",
     f"CREATE TABLE raw_events AS SELECT *, row_number() OVER () AS seq FROM read_json('{events}', format='newline_delimited', columns={spec})",
     "CREATE UNIQUE INDEX raw_events_key ON raw_events (event_id)")
part("checks",
     """SELECT COUNT(*) FILTER (event_id IS NULL) + COUNT(*) FILTER (event_type IS NULL) + COUNT(*) FILTER (user_id IS NULL)
          + COUNT(*) FILTER (session_id IS NULL) + COUNT(*) FILTER (timestamp IS NULL)
          + COUNT(*) FILTER (event_type = 'page_view' AND (page_url IS NULL OR page_type IS NULL))
          + COUNT(*) FILTER (event_type = 'click' AND (page_url IS NULL OR element_id IS NULL OR element_type IS NULL))
          + COUNT(*) FILTER (event_type = 'purchase' AND (order_id IS NULL OR total_amount IS NULL OR payment_method IS NULL))
        FROM raw_events""",
     "SELECT COUNT(*) - COUNT(DISTINCT event_id) FROM raw_events",
     """SELECT COUNT(*) FILTER (event_type = 'add_to_cart' AND quantity NOT BETWEEN 1 AND 99)
          + COUNT(*) FILTER (event_type = 'add_to_cart' AND NOT (unit_price > 0 AND unit_price <= 10000000))
          + COUNT(*) FILTER (event_type = 'purchase' AND NOT (total_amount > 0 AND total_amount <= 100000000))
          + COUNT(*) FILTER (event_type = 'search' AND result_count < 0) FROM raw_events""",
     """SELECT COUNT(*) FILTER (buys AND NOT carts), COUNT(*) FILTER (first_cart < first_look OR (carts AND first_look IS NULL)) FROM
          (SELECT session_id, bool_or(event_type = 'purchase') AS buys, bool_or(event_type = 'add_to_cart') AS carts,
                  MIN(timestamp) FILTER (event_type = 'add_to_cart') AS first_cart,
                  MIN(timestamp) FILTER (event_type IN ('page_view', 'click')) AS first_look FROM raw_events GROUP BY session_id)""",
     "SELECT COUNT(*) FILTER (TRY_CAST(timestamp AS TIMESTAMP) IS NULL OR year(TRY_CAST(timestamp AS TIMESTAMP)) NOT BETWEEN 2020 AND 2030) FROM raw_events",
     """SELECT COUNT(*) FILTER (abs(total_amount - total) > 1) FROM (SELECT total_amount,
          (SELECT SUM(CAST(p->>'unit_price' AS DOUBLE) * CAST(p->>'quantity' AS DOUBLE)) FROM (SELECT unnest(CAST(extra_data->'$.products' AS JSON[])) AS p))
          - COALESCE(CAST(extra_data->>'$.discount_amount' AS DOUBLE), 0) + COALESCE(CAST(extra_data->>'$.shipping_fee' AS DOUBLE), 0) AS total
        FROM raw_events WHERE event_type = 'purchase')""",
     "SELECT COUNT(*) FILTER (platform IN ('ios', 'android') AND device_type <> 'mobile') FROM raw_events",
     """SELECT COUNT(*) FROM raw_events e JOIN (SELECT session_id, arg_min(platform, seq) AS first FROM raw_events GROUP BY session_id) f
          USING (session_id) WHERE e.platform <> f.first""")
TODAY = f"substr(timestamp, 1, 10) = '{day}'"
part("marts",
     f"""CREATE TABLE mart_user_daily AS SELECT user_id, COUNT(DISTINCT session_id), COUNT(*) FILTER (event_type = 'page_view'),
          COUNT(*) FILTER (event_type = 'click'), COUNT(*) FILTER (event_type = 'add_to_cart'), COUNT(*) FILTER (event_type = 'purchase'),
          COUNT(*) FILTER (event_type = 'search'), SUM(total_amount) FILTER (event_type = 'purchase'), MIN(timestamp) AS a, MAX(timestamp) AS b,
          date_diff('second', CAST(MIN(timestamp) AS TIMESTAMP), CAST(MAX(timestamp) AS TIMESTAMP))
        FROM raw_events WHERE {TODAY} GROUP BY user_id""",
     f"""CREATE TABLE mart_funnel_daily AS SELECT platform, COUNT(DISTINCT user_id) FILTER (event_type = 'page_view'),
          COUNT(DISTINCT user_id) FILTER (event_type = 'click'), COUNT(DISTINCT user_id) FILTER (event_type = 'add_to_cart'),
          COUNT(DISTINCT user_id) FILTER (event_type = 'purchase') FROM raw_events WHERE {TODAY} GROUP BY platform""",
     f"""CREATE TABLE mart_product_daily AS WITH sold AS (SELECT p->>'product_id' AS product_id, user_id, CAST(p->>'quantity' AS BIGINT) AS q,
            CAST(p->>'unit_price' AS DOUBLE) AS u FROM (SELECT user_id, unnest(CAST(extra_data->'$.products' AS JSON[])) AS p FROM raw_events
            WHERE event_type = 'purchase' AND {TODAY})),
          seen AS (SELECT product_id, COUNT(*) FILTER (event_type = 'click') AS clicks, COUNT(*) FILTER (event_type = 'add_to_cart') AS carts,
            COUNT(DISTINCT user_id) FILTER (event_type = 'click') AS viewers FROM raw_events WHERE product_id IS NOT NULL AND {TODAY} GROUP BY product_id)
        SELECT * FROM seen FULL JOIN (SELECT product_id, COUNT(*), SUM(q * u), SUM(q), COUNT(DISTINCT user_id) FROM sold GROUP BY product_id) USING (product_id)""",
     f"""CREATE TABLE mart_orders AS SELECT DISTINCT ON (order_id) order_id, user_id, timestamp, total_amount, payment_method, platform,
          CAST(extra_data->>'$.discount_amount' AS DOUBLE), CAST(extra_data->>'$.shipping_fee' AS DOUBLE), extra_data->>'$.coupon_code',
          json_array_length(extra_data, '$.products') FROM raw_events WHERE event_type = 'purchase' AND {TODAY} ORDER BY order_id, timestamp""",
     "CHECKPOINT")
con.close()

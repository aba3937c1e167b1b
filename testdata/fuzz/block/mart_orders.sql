-- One row per order. An order that was reported twice on a day counts with its first report.
WITH reports AS (
    SELECT
        order_id, user_id, timestamp, total_amount, payment_method, platform, extra_data,
        ROW_NUMBER() OVER (PARTITION BY order_id ORDER BY timestamp, event_id) AS report_number
    FROM "raw_events"
    WHERE dt = :ds AND substr(timestamp, 1, 10) = :ds
      AND event_type = 'purchase'
      AND order_id IS NOT NULL
)
SELECT
    order_id,
    user_id,
    :ds                                                              AS order_date,
    timestamp                                                        AS order_timestamp,
    total_amount,
    payment_method,
    platform,
    COALESCE(json_extract(extra_data, '$.discount_amount'), 0)  AS discount_amount,
    COALESCE(json_extract(extra_data, '$.shipping_fee'), 0)     AS shipping_fee,
    json_extract(extra_data, '$.coupon_code')                     AS coupon_code,
    COALESCE(json_extract(extra_data, '$.products'), 0)         AS item_count
FROM reports
WHERE report_number = 1

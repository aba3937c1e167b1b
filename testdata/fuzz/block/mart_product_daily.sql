-- One row per product and day: clicks and carts from the events themselves, sales from the items of
-- the purchases' extra_data. Each side is grouped by user first, so that distinct users need no set
-- of their own; then the two sides meet, product by product.
WITH actions AS (
    SELECT
        product_id,
        user_id,
        COUNT(CASE WHEN event_type = 'click'       THEN 1 END) AS clicks,
        COUNT(CASE WHEN event_type = 'add_to_cart' THEN 1 END) AS carts
    FROM "raw_events"
    WHERE dt = :ds AND substr(timestamp, 1, 10) = :ds
      AND event_type IN ('click', 'add_to_cart')
      AND product_id IS NOT NULL
    GROUP BY product_id, user_id
),
acted AS (
    SELECT
        product_id,
        SUM(clicks)                                 AS clicks,
        SUM(carts)                                  AS carts,
        SUM(CASE WHEN clicks > 0 THEN 1 ELSE 0 END) AS viewers
    FROM actions
    GROUP BY product_id
),
purchases AS (
    SELECT user_id, extra_data
    FROM "raw_events"
    WHERE dt = :ds AND substr(timestamp, 1, 10) = :ds
      AND event_type = 'purchase'
),
items AS (
    SELECT
        json_extract(item.value, '$.product_id')   AS product_id,
        p.user_id                                     AS user_id,
        json_extract(item.value, '$.quantity')   AS quantity,
        json_extract(item.value, '$.unit_price') AS unit_price
    FROM purchases AS p
    CROSS JOIN json_extract(p.extra_data, '$.products') AS item
),
buyers AS (
    SELECT
        product_id,
        user_id,
        COUNT(*)                                AS purchases,
        COALESCE(SUM(quantity * unit_price), 0) AS revenue,
        COALESCE(SUM(quantity), 0)              AS units
    FROM items
    WHERE product_id IS NOT NULL
    GROUP BY product_id, user_id
),
sold AS (
    SELECT
        product_id,
        SUM(purchases) AS purchases,
        SUM(revenue)   AS revenue,
        SUM(units)     AS units,
        COUNT(*)       AS buyers
    FROM buyers
    GROUP BY product_id
),
sides AS (
    SELECT product_id, clicks, carts, 0 AS purchases, 0 AS revenue, 0 AS units, viewers, 0 AS buyers FROM acted
    UNION ALL
    SELECT product_id, 0, 0, purchases, revenue, units, 0, buyers FROM sold
),
products AS (
    SELECT
        product_id,
        SUM(clicks)    AS clicks,
        SUM(carts)     AS carts,
        SUM(purchases) AS purchases,
        SUM(revenue)   AS revenue,
        SUM(units)     AS units,
        SUM(viewers)   AS viewers,
        SUM(buyers)    AS buyers
    FROM sides
    GROUP BY product_id
)
SELECT
    product_id,
    :ds                                  AS activity_date,
    clicks                               AS click_count,
    carts                                AS cart_add_count,
    purchases                            AS purchase_count,
    revenue,
    units                                AS units_sold,
    viewers                              AS unique_viewers,
    buyers                               AS unique_buyers,
    ROUND((buyers) * 100.0 / NULLIF((viewers), 0), 2)   AS conversion_rate
FROM products

-- One row per product and day: clicks and carts from the events themselves, sales from the items of
-- the purchases' extra_data.
WITH actions AS (
    SELECT product_id, user_id, event_type, NULL AS quantity, NULL AS unit_price
    FROM {{ ref('raw_events') }}
    WHERE dt = :ds AND {{ day_of('timestamp') }} = :ds
      AND event_type IN ('click', 'add_to_cart')
      AND product_id IS NOT NULL
    UNION ALL
    SELECT
        {{ json_text('item.value', 'product_id') }}  AS product_id,
        e.user_id,
        e.event_type,
        {{ json_number('item.value', 'quantity') }}   AS quantity,
        {{ json_number('item.value', 'unit_price') }} AS unit_price
    FROM {{ ref('raw_events') }} AS e
    CROSS JOIN {{ json_items('e.extra_data', 'products') }} AS item
    WHERE e.dt = :ds AND {{ day_of('e.timestamp') }} = :ds
      AND e.event_type = 'purchase'
),
by_user AS (
    SELECT
        product_id,
        user_id,
        COUNT(CASE WHEN event_type = 'click'       THEN 1 END) AS clicks,
        COUNT(CASE WHEN event_type = 'add_to_cart' THEN 1 END) AS carts,
        COUNT(CASE WHEN event_type = 'purchase'    THEN 1 END) AS purchases,
        COALESCE(SUM(quantity * unit_price), 0)                AS revenue,
        COALESCE(SUM(quantity), 0)                             AS units
    FROM actions
    WHERE product_id IS NOT NULL
    GROUP BY product_id, user_id
),
products AS (
    SELECT
        product_id,
        SUM(clicks)                                     AS clicks,
        SUM(carts)                                      AS carts,
        SUM(purchases)                                  AS purchases,
        SUM(revenue)                                    AS revenue,
        SUM(units)                                      AS units,
        SUM(CASE WHEN clicks > 0 THEN 1 ELSE 0 END)     AS viewers,
        SUM(CASE WHEN purchases > 0 THEN 1 ELSE 0 END)  AS buyers
    FROM by_user
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
    {{ percent('buyers', 'viewers') }}   AS conversion_rate
FROM products

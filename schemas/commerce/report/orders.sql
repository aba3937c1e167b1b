SELECT
    substr(order_timestamp, 12, 8) AS at,
    order_id, user_id, platform, payment_method, item_count, total_amount, discount_amount, shipping_fee, coupon_code
FROM {{ ref('mart_orders') }}
WHERE order_date = :ds
ORDER BY order_timestamp, order_id

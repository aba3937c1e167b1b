SELECT payment_method, COUNT(*) AS orders, SUM(total_amount) AS revenue
FROM {{ ref('mart_orders') }}
WHERE order_date = :ds
GROUP BY payment_method
ORDER BY revenue DESC, payment_method

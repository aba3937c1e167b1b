SELECT * FROM {{ ref('mart_product_daily') }}
WHERE activity_date = :ds
ORDER BY revenue DESC, click_count DESC, product_id
LIMIT 10

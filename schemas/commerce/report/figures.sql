SELECT
    SUM(page_view_count + click_count + add_to_cart_count + purchase_count + search_count) AS events,
    COUNT(*)                                            AS users,
    SUM(session_count)                                  AS sessions,
    SUM(purchase_count)                                 AS orders,
    SUM(total_purchase_amount)                          AS revenue,
    {{ percent('SUM(CASE WHEN purchase_count > 0 THEN 1 ELSE 0 END)', 'SUM(CASE WHEN page_view_count > 0 THEN 1 ELSE 0 END)') }} AS conversion
FROM {{ ref('mart_user_daily') }}
WHERE activity_date = :ds
HAVING COUNT(*) > 0

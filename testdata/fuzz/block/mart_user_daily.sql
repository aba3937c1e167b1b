-- One row per user and day. Grouped twice (user and session, then user), so that distinct sessions
-- need no set of their own. Only events whose local day is the day count: late ones stay in raw_events.
SELECT
    user_id,
    :ds                                           AS activity_date,
    COUNT(*)                                      AS session_count,
    SUM(page_views)                               AS page_view_count,
    SUM(clicks)                                   AS click_count,
    SUM(carts)                                    AS add_to_cart_count,
    SUM(purchases)                                AS purchase_count,
    SUM(searches)                                 AS search_count,
    SUM(amount)                                   AS total_purchase_amount,
    MIN(first_at)                                 AS first_event_at,
    MAX(last_at)                                  AS last_event_at,
    unixepoch(MAX(last_at)) - unixepoch(MIN(first_at)) AS session_duration_total
FROM (
    SELECT
        user_id,
        session_id,
        COUNT(CASE WHEN event_type = 'page_view'   THEN 1 END) AS page_views,
        COUNT(CASE WHEN event_type = 'click'       THEN 1 END) AS clicks,
        COUNT(CASE WHEN event_type = 'add_to_cart' THEN 1 END) AS carts,
        COUNT(CASE WHEN event_type = 'purchase'    THEN 1 END) AS purchases,
        COUNT(CASE WHEN event_type = 'search'      THEN 1 END) AS searches,
        COALESCE(SUM(CASE WHEN event_type = 'purchase' THEN total_amount END), 0) AS amount,
        MIN(timestamp) AS first_at,
        MAX(timestamp) AS last_at
    FROM "raw_events"
    WHERE dt = :ds AND substr(timestamp, 1, 10) = :ds
    GROUP BY user_id, session_id
) AS sessions
GROUP BY user_id

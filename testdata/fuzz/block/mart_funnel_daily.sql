-- One row per platform and day: distinct users at each step, and the rates between steps in percent.
WITH users AS (
    SELECT
        platform,
        user_id,
        MAX(CASE WHEN event_type = 'page_view'   THEN 1 ELSE 0 END) AS viewed,
        MAX(CASE WHEN event_type = 'click'       THEN 1 ELSE 0 END) AS clicked,
        MAX(CASE WHEN event_type = 'add_to_cart' THEN 1 ELSE 0 END) AS added,
        MAX(CASE WHEN event_type = 'purchase'    THEN 1 ELSE 0 END) AS bought
    FROM "raw_events"
    WHERE dt = :ds AND substr(timestamp, 1, 10) = :ds
    GROUP BY platform, user_id
),
steps AS (
    SELECT
        platform,
        SUM(viewed)  AS step1,
        SUM(clicked) AS step2,
        SUM(added)   AS step3,
        SUM(bought)  AS step4
    FROM users
    GROUP BY platform
)
SELECT
    :ds                              AS funnel_date,
    platform,
    step1                            AS step1_viewers,
    step2                            AS step2_clickers,
    step3                            AS step3_cart_adders,
    step4                            AS step4_purchasers,
    ROUND((step2) * 100.0 / NULLIF((step1), 0), 2)  AS view_to_click_rate,
    ROUND((step3) * 100.0 / NULLIF((step2), 0), 2)  AS click_to_cart_rate,
    ROUND((step4) * 100.0 / NULLIF((step3), 0), 2)  AS cart_to_purchase_rate,
    ROUND((step4) * 100.0 / NULLIF((step1), 0), 2)  AS overall_conversion_rate
FROM steps

-- One row per day: what the day's run loaded and how its gate stood.
SELECT
    :ds                                                            AS run_date,
    :run_id                                                        AS run_id,
    COUNT(*)                                                       AS total_events,
    COUNT(DISTINCT user_id)                                        AS unique_users,
    COUNT(DISTINCT session_id)                                     AS unique_sessions,
    COUNT(CASE WHEN event_type = 'purchase' THEN 1 END)            AS purchase_count,
    COALESCE(SUM(CASE WHEN event_type = 'purchase' THEN total_amount END), 0) AS total_revenue,
    :quality_status                                                AS quality_status,
    :started_at                                                    AS started_at,
    :finished_at                                                   AS finished_at
FROM {{ ref('raw_events') }}
WHERE dt = :ds

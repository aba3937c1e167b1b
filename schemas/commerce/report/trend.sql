SELECT
    l.run_date, l.total_events, l.unique_users, l.purchase_count, l.total_revenue, l.quality_status,
    (SELECT MIN(pass_rate) FROM quality_check_log AS q WHERE q.pipeline = 'commerce' AND q.check_date = l.run_date) AS lowest_rate
FROM {{ ref('pipeline_run_log') }} AS l
WHERE l.run_date <= :ds AND l.run_date > date(:ds, '-30 days')
ORDER BY l.run_date DESC

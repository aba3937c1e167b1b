SELECT
    l.run_date, l.total_events, l.unique_users, l.purchase_count, l.total_revenue, l.quality_status,
    (SELECT MIN(pass_rate) FROM quality_check_log AS q WHERE q.pipeline = :pipeline AND q.check_date = l.run_date) AS lowest_rate
FROM {{ ref('pipeline_run_log') }} AS l
WHERE l.run_date BETWEEN :from AND :ds
ORDER BY l.run_date DESC

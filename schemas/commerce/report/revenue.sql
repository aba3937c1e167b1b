SELECT run_date, total_revenue, purchase_count
FROM {{ ref('pipeline_run_log') }}
WHERE run_date BETWEEN :from AND :ds
ORDER BY run_date

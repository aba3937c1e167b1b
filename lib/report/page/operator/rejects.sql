-- What was not let through in these days, by reason: checks that found breaches, rows that loads and steps dropped,
-- requests that failed.
SELECT pipeline, dataset AS place, check_name AS reason, SUM(failed_records) AS n, MAX(check_date) AS last
FROM quality_check_log
WHERE failed_records > 0 AND check_date BETWEEN :from AND :ds
GROUP BY pipeline, dataset, check_name
UNION ALL
SELECT pipeline, stage || ' ' || dataset, 'dropped', SUM(rows_rejected), MAX(day)
FROM (
    SELECT pipeline, day, stage, dataset, rows_rejected,
           ROW_NUMBER() OVER (PARTITION BY pipeline, day, stage, dataset ORDER BY task_id DESC) AS k
    FROM ledger.tasks
    WHERE stage IN ('transform', 'load') AND state = 'done' AND day BETWEEN :from AND :ds
)
WHERE k = 1 AND rows_rejected > 0
GROUP BY pipeline, stage, dataset
UNION ALL
SELECT source, 'requests', COALESCE(reason, state), COUNT(*), MAX(day)
FROM ledger.requests
WHERE lower(state) NOT IN ('success', 'done', 'ok') AND day BETWEEN :from AND :ds
GROUP BY source, COALESCE(reason, state)
ORDER BY n DESC, 1, 2, 3
LIMIT 300

SELECT day, pipeline, SUM(rows_out) AS loaded
FROM (
    SELECT pipeline, day, rows_out, ROW_NUMBER() OVER (PARTITION BY pipeline, day, dataset ORDER BY task_id DESC) AS k
    FROM ledger.tasks
    WHERE stage = 'load' AND state = 'done' AND day BETWEEN :from AND :ds
)
WHERE k = 1
GROUP BY pipeline, day
ORDER BY day, pipeline

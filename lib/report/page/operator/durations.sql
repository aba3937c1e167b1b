SELECT day, pipeline, ROUND(MAX(took), 3) AS seconds
FROM (
    SELECT t.run_id, t.pipeline, t.day, SUM(t.seconds) AS took
    FROM ledger.tasks AS t
    JOIN ledger.runs AS r ON r.run_id = t.run_id
    WHERE t.mode = 'run' AND r.state = 'done' AND t.day BETWEEN :from AND :ds
    GROUP BY t.run_id
)
GROUP BY pipeline, day
ORDER BY day, pipeline

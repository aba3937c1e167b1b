-- What was accepted and what was rejected each day: the last validation of every day.
SELECT day, rows_out AS accepted, rows_rejected AS rejected
FROM ledger.tasks AS t
WHERE pipeline = :pipeline AND stage = 'validate' AND mode = 'run' AND state IN ('done', 'gate_failed')
  AND day BETWEEN :from AND :ds
  AND task_id = (SELECT MAX(task_id) FROM ledger.tasks
                 WHERE pipeline = t.pipeline AND stage = t.stage AND mode = 'run' AND day = t.day
                   AND state IN ('done', 'gate_failed'))
ORDER BY day

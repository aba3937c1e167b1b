-- Steps and runs that did not end well, newest first, those of days that still do not stand before the others.
WITH
last_runs AS (
    SELECT pipeline, day, state, ROW_NUMBER() OVER (PARTITION BY pipeline, day ORDER BY rowid DESC) AS k
    FROM ledger.runs
),
bad AS (
    SELECT started_at, finished_at, run_id, pipeline, day, state, stage || ' ' || dataset AS place, error
    FROM ledger.tasks
    WHERE state IN ('failed', 'gate_failed', 'stopped', 'empty') AND mode = 'run'
    UNION ALL
    SELECT started_at, finished_at, run_id, pipeline, day, state, '' AS place, error
    FROM ledger.runs AS r
    WHERE state IN ('failed', 'gate_failed', 'stopped', 'empty')
      AND NOT EXISTS (SELECT 1 FROM ledger.tasks WHERE run_id = r.run_id AND state IN ('failed', 'gate_failed', 'stopped', 'empty'))
)
SELECT
    COALESCE(b.finished_at, b.started_at) AS at, b.pipeline, b.day, b.state, b.place,
    CASE WHEN length(b.error) > 400 THEN substr(b.error, 1, 399) || '…' ELSE b.error END AS error,
    CASE WHEN l.state <> 'done' THEN 'etl run -p ' || b.pipeline || ' ' || b.day END AS command,
    l.state <> 'done' AND l.state <> 'running' AS open
FROM bad AS b
JOIN last_runs AS l ON l.pipeline = b.pipeline AND l.day = b.day AND l.k = 1
ORDER BY open DESC, at DESC
LIMIT 200

-- How each pipeline stands: the day that its schedule has called for last, or without a schedule the newest one that ran.
WITH
last_runs AS (
    SELECT pipeline, day, state, started_at, finished_at,
           ROW_NUMBER() OVER (PARTITION BY pipeline, day ORDER BY rowid DESC) AS k
    FROM ledger.runs
),
days AS (SELECT * FROM last_runs WHERE k = 1),
steps AS (
    SELECT pipeline, day, stage, rows_out,
           ROW_NUMBER() OVER (PARTITION BY pipeline, day, stage, dataset ORDER BY task_id DESC) AS k
    FROM ledger.tasks
    WHERE stage = 'load' AND state = 'done'
),
known AS (
    SELECT p.*, COALESCE(p.owed, (SELECT MAX(day) FROM days WHERE pipeline = p.pipeline)) AS looked_at,
           (SELECT MAX(day) FROM days WHERE pipeline = p.pipeline AND state = 'done')     AS last
    FROM op_pipelines AS p
)
SELECT
    k.pipeline,
    CASE
        WHEN d.state IS NULL AND k.due IS NULL THEN 'gap'
        WHEN d.state IS NULL AND :now <= k.due THEN 'waiting'
        WHEN d.state IS NULL                   THEN 'late'
        WHEN d.state = 'running' AND :now > k.due THEN 'late'
        ELSE d.state
    END AS state,
    k.owed, k.due,
    CASE WHEN d.state = 'done' THEN d.finished_at END AS finished,
    k.last,
    CASE WHEN k.owed IS NOT NULL THEN MAX(0, CAST(julianday(k.owed) - julianday(k.last) AS INTEGER)) END AS behind,
    (SELECT SUM(seconds) FROM ledger.tasks WHERE pipeline = k.pipeline AND day = k.looked_at AND mode = 'run'
        AND run_id = (SELECT run_id FROM ledger.runs WHERE pipeline = k.pipeline AND day = k.looked_at ORDER BY rowid DESC LIMIT 1)) AS seconds,
    (SELECT SUM(rows_out) FROM steps WHERE k = 1 AND pipeline = k.pipeline AND day = k.looked_at) AS loaded,
    (SELECT MIN(pass_rate) FROM quality_check_log WHERE pipeline = k.pipeline AND check_date = k.looked_at) AS rate,
    k.pipeline || '/index.html' AS link,
    COALESCE(d.state NOT IN ('done', 'running', 'partial'), k.due IS NOT NULL AND :now > k.due) AS bad
FROM known AS k
LEFT JOIN days AS d ON d.pipeline = k.pipeline AND d.day = k.looked_at
ORDER BY bad DESC, k.pipeline

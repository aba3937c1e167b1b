-- A state for every pipeline, day and stage. A day before the pipeline's first has none; one without a run since is a
-- gap. Late: done after it was due, by a run that was begun within a day of that (backfills owe nothing).
WITH
steps AS (
    SELECT pipeline, day, stage, state, error, rows_out,
           ROW_NUMBER() OVER (PARTITION BY pipeline, day, stage, dataset ORDER BY task_id DESC) AS k
    FROM ledger.tasks
    WHERE state <> 'skipped' AND (mode = 'run' OR stage IN ('load', 'mart')) AND day BETWEEN :from AND :ds
),
worst AS (
    SELECT pipeline, day, stage, SUM(rows_out) AS rows_out,
           MAX(CASE state WHEN 'done' THEN '0done' WHEN 'empty' THEN '1empty' WHEN 'running' THEN '2running'
                          WHEN 'stopped' THEN '3stopped' WHEN 'failed' THEN '4failed' ELSE '5' || state END) AS state
    FROM steps
    WHERE k = 1
    GROUP BY pipeline, day, stage
),
last_runs AS (
    SELECT pipeline, day, state, finished_at, error,
           MIN(started_at) OVER (PARTITION BY pipeline, day) AS begun,
           ROW_NUMBER() OVER (PARTITION BY pipeline, day ORDER BY rowid DESC) AS k
    FROM ledger.runs
    WHERE day BETWEEN :from AND :ds
),
firsts AS (SELECT pipeline, MIN(day) AS day FROM ledger.tasks GROUP BY pipeline)
SELECT
    d.pipeline, d.day, s.stage,
    CASE
        WHEN f.day IS NULL OR d.day < f.day THEN NULL
        WHEN s.no < 9 AND w.state IS NOT NULL THEN substr(w.state, 2)
        WHEN s.no < 9 AND r.state = 'done' THEN NULL
        WHEN s.no < 9 AND r.state IS NOT NULL THEN NULL
        WHEN r.state = 'done' AND r.finished_at > d.due AND julianday(r.begun) < julianday(d.due) + 1 THEN 'late'
        WHEN r.state IS NOT NULL THEN r.state
        WHEN EXISTS (SELECT 1 FROM worst WHERE pipeline = d.pipeline AND day = d.day) THEN 'partial'
        WHEN :now <= d.due THEN 'waiting'
        WHEN s.no < 9 THEN NULL
        ELSE 'gap'
    END AS state,
    COALESCE(CASE WHEN s.no = 9 THEN r.error END, CASE WHEN w.rows_out IS NOT NULL THEN w.rows_out END) AS note,
    CASE WHEN EXISTS (SELECT 1 FROM worst WHERE pipeline = d.pipeline AND day = d.day AND stage = 'report' AND state = '0done')
         THEN d.pipeline || '/' || d.day || '.html' END AS link
FROM op_days AS d
JOIN op_stages AS s ON s.pipeline = d.pipeline
LEFT JOIN firsts AS f ON f.pipeline = d.pipeline
LEFT JOIN worst AS w ON w.pipeline = d.pipeline AND w.day = d.day AND w.stage = s.stage
LEFT JOIN last_runs AS r ON r.pipeline = d.pipeline AND r.day = d.day AND r.k = 1
ORDER BY d.pipeline, d.day, s.no

-- Each shop as the last attempts of the day left it, and what its parts count was the last time before.
WITH last AS (
    SELECT dataset, stage, state, rows_out, rows_rejected
    FROM ledger.tasks AS t
    WHERE pipeline = :pipeline AND day = :ds AND mode = 'run'
      AND task_id = (SELECT MAX(task_id) FROM ledger.tasks
                     WHERE pipeline = t.pipeline AND day = t.day AND mode = 'run' AND stage = t.stage AND dataset = t.dataset)
), shop(shop) AS (VALUES ('partsro'), ('hyunki_store'), ('hyunki_market'))
SELECT shop.shop,
       COALESCE(n.state, c.state) AS state,
       c.rows_out AS collected, n.rows_rejected AS dropped, s.rows, s.parts,
       {{ percent('s.priced', 's.rows') }} AS priced,
       (SELECT ROUND(100.0 * (s.parts - y.parts) / y.parts, 2) FROM {{ ref('parts_shops') }} AS y
        WHERE y.source = shop.shop AND y.dt < :ds ORDER BY y.dt DESC LIMIT 1) AS change
FROM shop
LEFT JOIN last AS c ON c.dataset = shop.shop AND c.stage = 'collect'
LEFT JOIN last AS n ON n.dataset = shop.shop || '/clean' AND n.stage = 'transform'
LEFT JOIN {{ ref('parts_shops') }} AS s ON s.source = shop.shop AND s.dt = :ds

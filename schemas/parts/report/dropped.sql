-- What each step dropped when it was last done: events stay for ever, those of steps that were done again too.
SELECT e.detail AS reasons
FROM ledger.events AS e
WHERE e.pipeline = :pipeline AND e.day = :ds AND e.what = 'dropped'
  AND e.run_id = (SELECT t.run_id FROM ledger.tasks AS t
                  WHERE t.pipeline = :pipeline AND t.day = :ds AND t.stage = 'transform' AND t.mode = 'run' AND t.state = 'done'
                    AND t.dataset = substr(e.detail, 1, instr(e.detail, ': ') - 1)
                  ORDER BY t.task_id DESC LIMIT 1)
ORDER BY e.detail
LIMIT 20

SELECT detail AS reasons
FROM ledger.events
WHERE pipeline = :pipeline AND day = :ds AND what = 'dropped'
ORDER BY event_id DESC
LIMIT 20

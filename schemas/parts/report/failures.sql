SELECT SUBSTR(source, LENGTH(:pipeline) + 2) AS shop, COALESCE(reason, state) AS reason, http_status, COUNT(*) AS urls
FROM ledger.requests
WHERE source LIKE :pipeline || '/%' AND day = :ds AND state = 'FAILED'
GROUP BY source, COALESCE(reason, state), http_status
ORDER BY urls DESC, shop, reason

SELECT /* SELECT ' */ e.user_id AS "end", COUNT(DISTINCT CASE WHEN n BETWEEN 1 AND 2 AND x = 'FROM t WHERE' THEN user_id ELSE 0 END) AS c, -- GROUP BY
 [n] + `x` AS y FROM ev AS e WHERE (dt = :ds) AND e.dt = :ds AND NOT (n = 1 OR x IN (SELECT x FROM ev)) GROUP BY e.user_id, substr(timestamp, 1, 10) ORDER BY c DESC LIMIT 1

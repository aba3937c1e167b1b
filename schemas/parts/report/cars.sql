SELECT car_type, COUNT(*) AS ranges, MIN(min_price) AS cheapest, MAX(max_price) AS dearest
FROM {{ ref('parts_master') }}
WHERE extracted_at = :ds AND car_type NOT IN ('all', 'unknown')
GROUP BY car_type
ORDER BY ranges DESC, car_type
LIMIT 20

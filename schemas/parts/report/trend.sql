SELECT extracted_at AS day, COUNT(*) AS ranges, COUNT(DISTINCT part_official_name) AS parts
FROM {{ ref('parts_master') }}
WHERE extracted_at BETWEEN :from AND :ds
GROUP BY extracted_at
ORDER BY extracted_at

SELECT COUNT(*)                           AS ranges,
       COUNT(DISTINCT part_official_name) AS parts,
       COUNT(DISTINCT car_type)           AS car_types,
       ROUND(AVG(CASE WHEN min_price > 0 THEN 100.0 * (max_price - min_price) / min_price END), 2) AS spread,
       {{ percent("SUM(car_type = 'unknown')", 'COUNT(*)') }} AS unknown
FROM {{ ref('parts_master') }}
WHERE extracted_at = :ds

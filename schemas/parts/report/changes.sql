SELECT t.part_official_name, t.car_type, y.min_price AS before, t.min_price, t.min_price - y.min_price AS change,
       ROUND(CASE WHEN y.min_price > 0 THEN 100.0 * (t.min_price - y.min_price) / y.min_price END, 2) AS percent
FROM {{ ref('parts_master') }} AS t
JOIN {{ ref('parts_master') }} AS y
  ON y.part_official_name = t.part_official_name AND y.car_type = t.car_type
 AND y.extracted_at = (SELECT MAX(extracted_at) FROM {{ ref('parts_master') }} WHERE extracted_at < :ds)
WHERE t.extracted_at = :ds AND t.min_price <> y.min_price
ORDER BY ABS(t.min_price - y.min_price) DESC, t.part_official_name, t.car_type

-- The day's ranges beside those of the last day before it that was collected.
SELECT t.part_official_name, t.car_type, t.min_price, t.max_price,
       ROUND(CASE WHEN t.min_price > 0 THEN 100.0 * (t.max_price - t.min_price) / t.min_price END, 2) AS spread,
       y.min_price AS before,
       ROUND(CASE WHEN y.min_price > 0 THEN 100.0 * (t.min_price - y.min_price) / y.min_price END, 2) AS change
FROM {{ ref('parts_master') }} AS t
LEFT JOIN {{ ref('parts_master') }} AS y
       ON y.part_official_name = t.part_official_name AND y.car_type = t.car_type
      AND y.extracted_at = (SELECT MAX(extracted_at) FROM {{ ref('parts_master') }} WHERE extracted_at < :ds)
WHERE t.extracted_at = :ds
ORDER BY t.part_official_name, t.car_type

-- What the checks after loading warn of (models/check_*.sql), in words.
SELECT '충격 수가 측정값 수보다 많은 구간' AS warning, COUNT(*) || '개' AS found, MIN(s_id) AS example
FROM {{ ref('pothole_segments') }} WHERE date = :ds AND impact_count > total_count HAVING COUNT(*) > 0
UNION ALL
SELECT '구간 번호가 없는 행', COUNT(*) || '개', NULL
FROM {{ ref('pothole_segments') }} WHERE date = :ds AND (s_id IS NULL OR TRIM(s_id) = '') HAVING COUNT(*) > 0
UNION ALL
SELECT '행 수가 전날보다 50 % 넘게 달라짐', before || ' → ' || today, NULL FROM (
  SELECT SUM(date = :ds) AS today, SUM(date = date(:ds, '-1 day')) AS before
  FROM {{ ref('pothole_segments') }} WHERE date IN (:ds, date(:ds, '-1 day'))
) WHERE before > 0 AND ABS(today - before) * 100.0 / before > 50

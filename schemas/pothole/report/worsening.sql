-- Today above 150 % of the mean of the seven days before. A day without a row of the segment had no reading there and
-- does not count; a segment without any such day has nothing to be compared with.
SELECT t.s_id, t.impact_count, ROUND(b.mean, 2) AS mean_before,
       CASE WHEN b.mean > 0 THEN ROUND(t.impact_count * 100.0 / b.mean, 1) END AS change
FROM {{ ref('pothole_segments') }} AS t
JOIN (SELECT s_id, AVG(impact_count) AS mean FROM {{ ref('pothole_segments') }}
      WHERE date >= date(:ds, '-7 days') AND date < :ds GROUP BY s_id) AS b ON b.s_id = t.s_id
WHERE t.date = :ds AND t.impact_count > 1.5 * b.mean
ORDER BY t.impact_count - b.mean DESC, t.s_id LIMIT 100

-- Every segment of the road, coloured where there were readings on the day.
SELECT r.s_id, r.start_lon, r.start_lat, r.end_lon, r.end_lat, p.impact_count, p.total_count,
       CASE WHEN p.total_count > 0 THEN ROUND(p.impact_count * 100.0 / p.total_count, 2) END AS risk_rate,
       CASE WHEN p.s_id IS NULL THEN '측정 없음' ELSE '충격 ' || p.impact_count || ' / 측정값 ' || p.total_count END AS note
FROM {{ ref('road_segments') }} AS r
LEFT JOIN {{ ref('pothole_segments') }} AS p ON p.s_id = r.s_id AND p.date = :ds
ORDER BY risk_rate DESC NULLS LAST, r.s_id

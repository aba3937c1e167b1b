-- The latest day: impacts of a hundred readings on each segment.
SELECT p.s_id, p.date, p.centroid_lon, p.centroid_lat, r.start_lon, r.start_lat, r.end_lon, r.end_lat,
       p.impact_count, p.total_count,
       CASE WHEN p.total_count > 0 THEN ROUND(p.impact_count * 100.0 / p.total_count, 2) ELSE 0 END AS risk_rate
FROM {{ ref('pothole_segments') }} AS p
LEFT JOIN {{ ref('road_segments') }} AS r ON r.s_id = p.s_id
WHERE p.date = (SELECT MAX(date) FROM {{ ref('pothole_segments') }})

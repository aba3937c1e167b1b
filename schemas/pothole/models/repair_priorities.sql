-- What to repair first, for every day. Segments with the same score share a rank.
SELECT RANK() OVER (PARTITION BY date ORDER BY priority_score DESC) AS rank, x.*
FROM (
  SELECT p.s_id, p.date,
         p.impact_count * 1.0 + COALESCE(c.complaints, 0) * 50.0 + COALESCE(g.road_grade, 3) * 10.0 AS priority_score,
         p.impact_count, p.total_count, COALESCE(c.complaints, 0) AS complaint_count,
         COALESCE(g.road_grade, 3) AS road_grade, COALESCE(s.status, '미보수') AS status,
         a.road_name, a.district,
         p.centroid_lon, p.centroid_lat
  FROM {{ ref('pothole_segments') }} AS p
  LEFT JOIN {{ ref('segment_road_grade') }} AS g ON g.s_id = p.s_id
  LEFT JOIN {{ ref('segment_repair_status') }} AS s ON s.s_id = p.s_id
  LEFT JOIN (SELECT nearest_s_id, COUNT(*) AS complaints FROM {{ ref('pothole_complaints') }} GROUP BY nearest_s_id) AS c
    ON c.nearest_s_id = p.s_id
  LEFT JOIN {{ ref('segment_address') }} AS a ON a.s_id = p.s_id
) AS x

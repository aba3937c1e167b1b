-- The action list of the day: the hundred first, why, and where.
SELECT rank, s_id, priority_score,
       '충격 ' || impact_count || CASE WHEN complaint_count > 0 THEN ', 민원 ' || complaint_count ELSE '' END
         || ', 도로 등급 ' || road_grade AS reasons,
       status, road_name, district, complaint_count, printf('%.6f, %.6f', centroid_lat, centroid_lon) AS place,
       printf('https://map.kakao.com/link/map/%s,%.6f,%.6f', s_id, centroid_lat, centroid_lon) AS map
FROM {{ ref('repair_priorities') }} AS r WHERE r.date = :ds
ORDER BY rank, s_id LIMIT 100

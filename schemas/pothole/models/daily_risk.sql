-- Impacts of a hundred readings, for every segment and day, with the ISO weekday (Monday 1).
SELECT s_id, date,
       (CAST(strftime('%w', date) AS INTEGER) + 6) % 7 + 1 AS weekday,
       CASE strftime('%w', date) WHEN '1' THEN '월' WHEN '2' THEN '화' WHEN '3' THEN '수' WHEN '4' THEN '목'
            WHEN '5' THEN '금' WHEN '6' THEN '토' ELSE '일' END AS weekday_name,
       impact_count, total_count,
       CASE WHEN total_count > 0 THEN ROUND(impact_count * 100.0 / total_count, 2) ELSE 0 END AS risk_rate
FROM {{ ref('pothole_segments') }}

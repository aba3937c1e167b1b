-- The day's figures; an active segment has at least one impact.
SELECT SUM(impact_count) AS impacts, SUM(impact_count > 0) AS segments, SUM(total_count) AS readings,
       ROUND(SUM(impact_count) * 100.0 / SUM(total_count), 2) AS risk_rate
FROM {{ ref('pothole_segments') }} WHERE date = :ds

-- The day's figures and their change from the day before; an active segment has at least one impact.
SELECT t.impacts, t.impacts - y.impacts AS impacts_change, t.segments, t.segments - y.segments AS segments_change,
       t.readings, CASE WHEN t.readings > 0 THEN ROUND(t.impacts * 100.0 / t.readings, 2) END AS risk_rate
FROM (SELECT COALESCE(SUM(impact_count), 0) AS impacts, COALESCE(SUM(impact_count > 0), 0) AS segments,
             COALESCE(SUM(total_count), 0) AS readings
      FROM {{ ref('pothole_segments') }} WHERE date = :ds) AS t,
     (SELECT SUM(impact_count) AS impacts, SUM(impact_count > 0) AS segments
      FROM {{ ref('pothole_segments') }} WHERE date = date(:ds, '-1 day')) AS y

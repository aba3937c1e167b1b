-- The number of segments changed by more than half from the day before.
SELECT today, before FROM (
  SELECT SUM(date = :ds) AS today, SUM(date = date(:ds, '-1 day')) AS before
  FROM {{ ref('pothole_segments') }} WHERE date IN (:ds, date(:ds, '-1 day'))
) WHERE before > 0 AND ABS(today - before) * 100.0 / before > 50

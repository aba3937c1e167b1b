-- The latest day: what to repair first.
SELECT * FROM {{ ref('repair_priorities') }} AS r
WHERE r.date = (SELECT MAX(date) FROM {{ ref('pothole_segments') }})

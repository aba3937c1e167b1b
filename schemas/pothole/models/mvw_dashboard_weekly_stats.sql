-- The last seven days.
SELECT * FROM {{ ref('daily_risk') }} AS r
WHERE r.date > date((SELECT MAX(date) FROM {{ ref('pothole_segments') }}), '-7 days')

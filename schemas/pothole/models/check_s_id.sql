SELECT date, impact_count, total_count FROM {{ ref('pothole_segments') }} WHERE date = :ds AND (s_id IS NULL OR TRIM(s_id) = '')

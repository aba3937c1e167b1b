SELECT s_id, date, impact_count, total_count FROM {{ ref('pothole_segments') }} WHERE date = :ds AND impact_count > total_count

SELECT s_id, centroid_lon AS lon, centroid_lat AS lat FROM pothole_segments
WHERE date = :ds AND s_id NOT IN (SELECT s_id FROM segment_address) ORDER BY s_id

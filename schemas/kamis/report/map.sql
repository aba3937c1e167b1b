SELECT country_nm AS town, longitude, latitude, rise_cnt, drop_cnt, keep_cnt, drop_cnt - rise_cnt AS cheaper
FROM {{ ref('mart_price_region_count') }}
WHERE latitude IS NOT NULL
ORDER BY country_cd

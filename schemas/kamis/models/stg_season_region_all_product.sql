-- Products with their town's coordinates and the months in which they are in season.
SELECT p.*, t.latitude, t.longitude, s.month AS season_month
FROM {{ ref('stg_daily_product_price') }} AS p
JOIN {{ ref('seed_towns') }} AS t ON t.country_cd = p.country_cd
JOIN {{ ref('seed_seasons') }} AS s ON s.item_nm = p.item_nm AND s.kind_nm = p.kind_nm

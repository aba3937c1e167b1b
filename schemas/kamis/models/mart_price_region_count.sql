-- How many products became dearer, cheaper, or stayed, per town; on the map of the page.
SELECT
    p.country_cd, p.country_nm, t.latitude, t.longitude,
    SUM(p.direction_tp = '1') AS rise_cnt,
    SUM(p.direction_tp = '0') AS drop_cnt,
    SUM(p.direction_tp = '2') AS keep_cnt,
    MAX(p.res_dt)             AS res_dt
FROM {{ ref('stg_daily_product_price') }} AS p
LEFT JOIN {{ ref('seed_towns') }} AS t ON t.country_cd = p.country_cd
GROUP BY p.country_cd, p.country_nm, t.latitude, t.longitude

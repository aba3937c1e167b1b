SELECT
    category_cd, category_nm, item_cd, item_nm, kind_cd, kind_nm, rank_cd, rank_nm, country_cd, country_nm,
    ROUND(AVG(price), 1) AS avg_pr,
    MIN(price)           AS min_pr,
    MAX(price)           AS max_pr,
    COUNT(*)             AS price_cnt,
    MAX(res_dt)          AS res_dt
FROM {{ ref('silver_api17') }}
WHERE price > 0
  AND res_dt > (SELECT date(MAX(res_dt), '-7 days') FROM {{ ref('silver_api17') }} WHERE res_dt <= :ds) AND res_dt <= :ds
GROUP BY category_cd, category_nm, item_cd, item_nm, kind_cd, kind_nm, rank_cd, rank_nm, country_cd, country_nm

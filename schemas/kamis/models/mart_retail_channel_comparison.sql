-- 유통 (markets whose name ends in "-유통") against 전통 (all others), over the seven days that end with the newest one.
SELECT
    category_cd, category_nm, item_cd, item_nm, kind_cd, kind_nm, rank_cd, rank_nm,
    CASE WHEN market_nm LIKE '%-유통' THEN '유통' ELSE '전통' END AS channel_tp,
    ROUND(AVG(price), 1)           AS avg_pr,
    MIN(price)                     AS min_pr,
    MAX(price)                     AS max_pr,
    COUNT(*)                       AS price_cnt,
    COUNT(DISTINCT country_cd || market_nm) AS market_cnt,
    MAX(res_dt)                    AS res_dt
FROM {{ ref('silver_api17') }}
WHERE price > 0
  AND res_dt > (SELECT date(MAX(res_dt), '-7 days') FROM {{ ref('silver_api17') }} WHERE res_dt <= :ds) AND res_dt <= :ds
GROUP BY category_cd, category_nm, item_cd, item_nm, kind_cd, kind_nm, rank_cd, rank_nm, channel_tp

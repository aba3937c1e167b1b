SELECT
    category_cd, category_nm, item_cd, item_nm, kind_cd, kind_nm, rank_cd, rank_nm, market_category,
    ROUND(AVG(price), 1) AS avg_pr,
    MIN(price)           AS min_pr,
    MAX(price)           AS max_pr,
    COUNT(*)             AS price_cnt,
    AVG(price) = MIN(AVG(price)) OVER (PARTITION BY item_cd, kind_cd, rank_cd) AS cheapest_yn,
    MAX(res_dt)          AS res_dt
FROM {{ ref('stg_eco_data_with_market_category') }}
GROUP BY category_cd, category_nm, item_cd, item_nm, kind_cd, kind_nm, rank_cd, rank_nm, market_category

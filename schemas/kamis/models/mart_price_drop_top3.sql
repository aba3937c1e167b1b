SELECT
    country_cd, country_nm, ranking, product_no, category_cd, category_nm, item_nm, kind_nm, product_cls_unit AS unit, base_pr,
    prev_1d_pr, direction_pct, res_dt
FROM {{ ref('stg_daily_price_drop') }}
WHERE ranking <= 3

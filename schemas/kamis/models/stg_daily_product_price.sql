-- Retail prices of the newest day that API 10 answered, one row per town and product.
SELECT
    res_dt, country_cd, country_nm, product_no, segment_tp, category_cd, category_nm, item_cd, item_nm, kind_cd, kind_nm,
    product_cls_unit, NULLIF(base_pr, 0) AS base_pr, NULLIF(prev_1d_pr, 0) AS prev_1d_pr, direction_tp, direction_pct
FROM {{ ref('silver_api10') }}
WHERE res_dt = (SELECT MAX(res_dt) FROM {{ ref('silver_api10') }})

-- What is in season in the month of the newest day, with its price in each town and whether it is nowhere cheaper.
SELECT
    country_cd, country_nm, latitude, longitude, season_month, product_no, category_cd, category_nm, item_nm, kind_nm,
    product_cls_unit AS unit, base_pr, direction_tp, direction_pct,
    base_pr = MIN(base_pr) OVER (PARTITION BY product_no) AS cheapest_yn,
    res_dt
FROM {{ ref('stg_season_region_all_product') }}
WHERE season_month = CAST(substr(res_dt, 6, 2) AS INTEGER) AND base_pr IS NOT NULL

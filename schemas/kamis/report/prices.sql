-- The products of the cards over the last days, in their towns.
WITH shown AS (
    SELECT country_cd, product_no FROM {{ ref('mart_price_drop_top3') }}
    UNION
    SELECT country_cd, product_no FROM {{ ref('mart_price_rise_top3') }}
)
SELECT
    p.res_dt, p.country_nm, p.category_nm,
    p.item_nm || CASE WHEN p.kind_nm IS NULL OR p.kind_nm = p.item_nm THEN '' ELSE ' ' || p.kind_nm END || ' (' || p.product_no || ')' AS product,
    NULLIF(p.base_pr, 0) AS base_pr
FROM shown AS s
JOIN {{ ref('silver_api10') }} AS p ON p.product_no = s.product_no AND p.country_cd = s.country_cd
WHERE p.res_dt BETWEEN :from AND (SELECT MAX(res_dt) FROM {{ ref('mart_price_region_count') }})
ORDER BY p.res_dt, p.country_cd, product

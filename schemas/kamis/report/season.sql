SELECT
    p.country_nm, p.category_nm, p.item_nm, p.kind_nm, p.unit, p.base_pr, p.cheapest_yn,
    (SELECT c.country_nm FROM {{ ref('mart_season_region_product') }} AS c
     WHERE c.product_no = p.product_no AND c.cheapest_yn = 1 ORDER BY c.country_cd LIMIT 1) AS cheapest_nm,
    MIN(p.base_pr) OVER (PARTITION BY p.product_no) AS cheapest_pr
FROM {{ ref('mart_season_region_product') }} AS p
ORDER BY p.country_cd, p.category_cd, p.item_nm, p.kind_nm, p.product_no

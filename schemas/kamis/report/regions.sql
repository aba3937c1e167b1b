-- The five cities side by side.
SELECT
    category_nm, item_nm, kind_nm, rank_nm,
    MAX(CASE WHEN country_cd = '1101' THEN avg_pr END) AS seoul,
    MAX(CASE WHEN country_cd = '2100' THEN avg_pr END) AS busan,
    MAX(CASE WHEN country_cd = '2200' THEN avg_pr END) AS daegu,
    MAX(CASE WHEN country_cd = '2401' THEN avg_pr END) AS gwangju,
    MAX(CASE WHEN country_cd = '2501' THEN avg_pr END) AS daejeon
FROM {{ ref('mart_retail_region_comparison') }}
GROUP BY category_cd, category_nm, item_cd, item_nm, kind_cd, kind_nm, rank_cd, rank_nm
ORDER BY category_cd, item_cd, kind_cd, rank_cd

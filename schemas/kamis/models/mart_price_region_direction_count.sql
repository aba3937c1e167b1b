SELECT
    country_cd, country_nm, category_cd, category_nm, direction_tp,
    CASE direction_tp WHEN '1' THEN '상승' WHEN '0' THEN '하락' ELSE '보합' END AS direction_nm,
    COUNT(*) AS product_cnt
FROM {{ ref('stg_daily_product_price') }}
WHERE direction_tp IS NOT NULL
GROUP BY country_cd, country_nm, category_cd, category_nm, direction_tp

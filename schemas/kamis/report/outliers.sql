SELECT api_nm, item_nm, kind_nm, country_cd, price, median_pr, ratio FROM {{ ref('price_outliers') }} WHERE res_dt = :ds ORDER BY api_nm, item_cd, kind_cd, country_cd

SELECT category_nm, item_nm, kind_nm, rank_nm, market_category, avg_pr, min_pr, max_pr, cheapest_yn
FROM {{ ref('mart_eco_price_statistics_by_category') }}
ORDER BY category_cd, item_nm, kind_nm, rank_cd, avg_pr

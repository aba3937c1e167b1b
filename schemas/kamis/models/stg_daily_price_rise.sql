-- What became dearer, per town, the greatest rise first; equal ones by product number.
SELECT *, ROW_NUMBER() OVER (PARTITION BY country_cd ORDER BY direction_pct DESC, product_no) AS ranking
FROM {{ ref('stg_daily_product_price') }}
WHERE direction_tp = '1' AND base_pr IS NOT NULL

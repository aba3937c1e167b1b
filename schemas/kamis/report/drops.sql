SELECT
    country_nm, category_nm, ranking || '. ' || item_nm || CASE WHEN kind_nm IS NULL OR kind_nm = item_nm THEN '' ELSE ' ' || kind_nm END AS name,
    base_pr, -direction_pct AS change_pct, unit || ', 전일 ' || printf('%,d원', CAST(prev_1d_pr AS INTEGER)) AS note, res_dt
FROM {{ ref('mart_price_drop_top3') }}
ORDER BY country_cd, ranking

-- 유통 and 전통 side by side; only what both sell can be compared.
SELECT
    a.category_nm, a.item_nm, a.kind_nm, a.rank_nm, a.avg_pr AS super_pr, b.avg_pr AS market_pr,
    ROUND(a.avg_pr - b.avg_pr, 1) AS difference,
    CASE WHEN a.avg_pr < b.avg_pr THEN '유통' WHEN a.avg_pr > b.avg_pr THEN '전통' ELSE '같음' END AS cheaper
FROM {{ ref('mart_retail_channel_comparison') }} AS a
JOIN {{ ref('mart_retail_channel_comparison') }} AS b
    ON b.category_cd = a.category_cd AND b.item_cd = a.item_cd AND b.kind_cd = a.kind_cd AND b.rank_cd = a.rank_cd AND b.channel_tp = '전통'
WHERE a.channel_tp = '유통'
ORDER BY ABS(a.avg_pr - b.avg_pr) / b.avg_pr DESC, a.item_cd, a.kind_cd, a.rank_cd

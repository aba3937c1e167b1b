-- How many kinds of each category are cheaper where.
SELECT
    a.category_nm AS category,
    SUM(a.avg_pr < b.avg_pr) AS super_cnt,
    SUM(a.avg_pr > b.avg_pr) AS market_cnt
FROM {{ ref('mart_retail_channel_comparison') }} AS a
JOIN {{ ref('mart_retail_channel_comparison') }} AS b
    ON b.category_cd = a.category_cd AND b.item_cd = a.item_cd AND b.kind_cd = a.kind_cd AND b.rank_cd = a.rank_cd AND b.channel_tp = '전통'
WHERE a.channel_tp = '유통'
GROUP BY a.category_cd, a.category_nm
ORDER BY a.category_cd

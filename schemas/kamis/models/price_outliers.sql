-- Prices of the day that are 0, or more than ten times or less than a tenth of the median of the 28 days before. They are
-- flagged here and stay where they are; a price without a history is not judged.
--
-- A price that is far from the median is far from the least or the greatest price as well; these are found in an index, so
-- that medians are computed for the few that remain.
WITH far_1 AS (
    SELECT 'API 1' AS api_nm, p.res_dt, p.country_cd, p.item_cd, p.item_nm, p.kind_cd, p.kind_nm, p.rank_cd, p.product_cls_cd AS place, p.base_pr AS price
    FROM {{ ref('silver_api1') }} AS p
    WHERE p.res_dt = :ds
      AND (p.base_pr > 10 * (SELECT MIN(h.base_pr) FROM {{ ref('silver_api1') }} AS h
                             WHERE h.item_cd = p.item_cd AND h.kind_cd IS p.kind_cd AND h.rank_cd IS p.rank_cd AND h.country_cd IS p.country_cd
                               AND h.product_cls_cd = p.product_cls_cd AND h.res_dt BETWEEN date(:ds, '-28 days') AND date(:ds, '-1 day') AND h.base_pr > 0)
        OR p.base_pr * 10 < (SELECT MAX(h.base_pr) FROM {{ ref('silver_api1') }} AS h
                             WHERE h.item_cd = p.item_cd AND h.kind_cd IS p.kind_cd AND h.rank_cd IS p.rank_cd AND h.country_cd IS p.country_cd
                               AND h.product_cls_cd = p.product_cls_cd AND h.res_dt BETWEEN date(:ds, '-28 days') AND date(:ds, '-1 day')))
),
far_10 AS (
    SELECT 'API 10' AS api_nm, p.res_dt, p.country_cd, p.item_cd, p.item_nm, p.kind_cd, p.kind_nm, NULL AS rank_cd, p.product_no AS place, p.base_pr AS price
    FROM {{ ref('silver_api10') }} AS p
    WHERE p.res_dt = :ds
      AND (p.base_pr > 10 * (SELECT MIN(h.base_pr) FROM {{ ref('silver_api10') }} AS h
                             WHERE h.product_no = p.product_no AND h.country_cd = p.country_cd
                               AND h.res_dt BETWEEN date(:ds, '-28 days') AND date(:ds, '-1 day') AND h.base_pr > 0)
        OR p.base_pr * 10 < (SELECT MAX(h.base_pr) FROM {{ ref('silver_api10') }} AS h
                             WHERE h.product_no = p.product_no AND h.country_cd = p.country_cd
                               AND h.res_dt BETWEEN date(:ds, '-28 days') AND date(:ds, '-1 day')))
),
far_17 AS (
    SELECT 'API 17' AS api_nm, p.res_dt, p.country_cd, p.item_cd, p.item_nm, p.kind_cd, p.kind_nm, p.rank_cd, p.market_nm AS place, p.price
    FROM {{ ref('silver_api17') }} AS p
    WHERE p.res_dt = :ds
      AND (p.price > 10 * (SELECT MIN(h.price) FROM {{ ref('silver_api17') }} AS h
                           WHERE h.item_cd = p.item_cd AND h.kind_cd = p.kind_cd AND h.rank_cd = p.rank_cd AND h.country_cd = p.country_cd
                             AND h.market_nm = p.market_nm AND h.res_dt BETWEEN date(:ds, '-28 days') AND date(:ds, '-1 day') AND h.price > 0)
        OR p.price * 10 < (SELECT MAX(h.price) FROM {{ ref('silver_api17') }} AS h
                           WHERE h.item_cd = p.item_cd AND h.kind_cd = p.kind_cd AND h.rank_cd = p.rank_cd AND h.country_cd = p.country_cd
                             AND h.market_nm = p.market_nm AND h.res_dt BETWEEN date(:ds, '-28 days') AND date(:ds, '-1 day')))
),
history AS (
    SELECT p.*, h.base_pr AS past_pr
    FROM far_1 AS p JOIN {{ ref('silver_api1') }} AS h
      ON h.item_cd = p.item_cd AND h.kind_cd IS p.kind_cd AND h.rank_cd IS p.rank_cd AND h.country_cd IS p.country_cd AND h.product_cls_cd = p.place
    WHERE h.res_dt BETWEEN date(:ds, '-28 days') AND date(:ds, '-1 day') AND h.base_pr > 0
    UNION ALL
    SELECT p.*, h.base_pr
    FROM far_10 AS p JOIN {{ ref('silver_api10') }} AS h ON h.product_no = p.place AND h.country_cd = p.country_cd
    WHERE h.res_dt BETWEEN date(:ds, '-28 days') AND date(:ds, '-1 day') AND h.base_pr > 0
    UNION ALL
    SELECT p.*, h.price
    FROM far_17 AS p JOIN {{ ref('silver_api17') }} AS h
      ON h.item_cd = p.item_cd AND h.kind_cd = p.kind_cd AND h.rank_cd = p.rank_cd AND h.country_cd = p.country_cd AND h.market_nm = p.place
    WHERE h.res_dt BETWEEN date(:ds, '-28 days') AND date(:ds, '-1 day') AND h.price > 0
),
ranked AS (
    SELECT
        *,
        ROW_NUMBER() OVER (PARTITION BY api_nm, country_cd, item_cd, item_nm, kind_cd, kind_nm, rank_cd, place, price ORDER BY past_pr) AS n,
        COUNT(*) OVER (PARTITION BY api_nm, country_cd, item_cd, item_nm, kind_cd, kind_nm, rank_cd, place, price) AS cnt
    FROM history
),
medians AS (
    SELECT res_dt, api_nm, country_cd, item_cd, item_nm, kind_cd, kind_nm, rank_cd, place, price, AVG(past_pr) AS median_pr
    FROM ranked
    WHERE n IN ((cnt + 1) / 2, (cnt + 2) / 2)
    GROUP BY res_dt, api_nm, country_cd, item_cd, item_nm, kind_cd, kind_nm, rank_cd, place, price
)
SELECT *, ROUND(price / median_pr, 2) AS ratio
FROM medians
WHERE price > 10 * median_pr OR price * 10 < median_pr

-- Eco prices of the newest day, with the kind of market: what follows the first hyphen of its name ("B-유통", and once "B`-유통").
SELECT
    *,
    CASE WHEN instr(market_nm, '-') > 0 THEN substr(market_nm, instr(market_nm, '-') + 1) ELSE COALESCE(market_nm, '기타') END
        AS market_category
FROM {{ ref('silver_api13') }}
WHERE res_dt = (SELECT MAX(res_dt) FROM {{ ref('silver_api13') }}) AND price > 0

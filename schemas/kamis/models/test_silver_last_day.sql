-- As many rows as silver has on its last day.
SELECT s.n AS silver, g.n AS gold
FROM (SELECT COUNT(*) AS n FROM {{ ref('silver_api10') }} WHERE res_dt = (SELECT MAX(res_dt) FROM {{ ref('silver_api10') }})) AS s,
     (SELECT COUNT(*) AS n FROM {{ this }}) AS g
WHERE s.n <> g.n

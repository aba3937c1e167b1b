-- How fresh each table is: its newest day, with the rows and towns of that day.
SELECT 'API 1' AS api_nm, 'silver_api1' AS table_nm, COUNT(*) AS row_cnt, COUNT(DISTINCT country_cd) AS country_cnt, MAX(res_dt) AS latest_dt
FROM {{ ref('silver_api1') }} WHERE res_dt = (SELECT MAX(res_dt) FROM {{ ref('silver_api1') }})
UNION ALL
SELECT 'API 10', 'silver_api10', COUNT(*), COUNT(DISTINCT country_cd), MAX(res_dt)
FROM {{ ref('silver_api10') }} WHERE res_dt = (SELECT MAX(res_dt) FROM {{ ref('silver_api10') }})
UNION ALL
SELECT 'API 13', 'silver_api13', COUNT(*), COUNT(DISTINCT country_cd), MAX(res_dt)
FROM {{ ref('silver_api13') }} WHERE res_dt = (SELECT MAX(res_dt) FROM {{ ref('silver_api13') }})
UNION ALL
SELECT 'API 17', 'silver_api17', COUNT(*), COUNT(DISTINCT country_cd), MAX(res_dt)
FROM {{ ref('silver_api17') }} WHERE res_dt = (SELECT MAX(res_dt) FROM {{ ref('silver_api17') }})

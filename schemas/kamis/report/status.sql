SELECT api_nm, latest_dt, row_cnt, country_cnt FROM {{ ref('mart_update_status') }} ORDER BY table_nm

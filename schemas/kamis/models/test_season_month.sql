SELECT product_no, season_month, res_dt FROM {{ this }} WHERE season_month <> CAST(substr(res_dt, 6, 2) AS INTEGER)

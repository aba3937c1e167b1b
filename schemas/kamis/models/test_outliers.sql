SELECT api_nm, item_nm, kind_nm, price, median_pr, ratio FROM {{ this }}

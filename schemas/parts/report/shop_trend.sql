SELECT dt AS day, source AS shop, parts
FROM {{ ref('parts_shops') }}
WHERE dt BETWEEN :from AND :ds
ORDER BY dt, source

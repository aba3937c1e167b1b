-- One row per item and day. :ds is the day; ref() names a loaded table or another model.
SELECT
    :ds         AS day,
    COALESCE(item, '(none)') AS item,
    COUNT(*)    AS sold,
    SUM(amount) AS amount
FROM {{ ref('raw_NAME') }}
WHERE dt = :ds
GROUP BY COALESCE(item, '(none)')

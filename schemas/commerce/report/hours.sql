SELECT
    substr(timestamp, 12, 2)                               AS hour,
    COUNT(*)                                               AS events,
    COUNT(CASE WHEN platform = 'web'     THEN 1 END)       AS web,
    COUNT(CASE WHEN platform = 'ios'     THEN 1 END)       AS ios,
    COUNT(CASE WHEN platform = 'android' THEN 1 END)       AS android
FROM {{ ref('raw_events') }}
WHERE dt = :ds AND {{ day_of('timestamp') }} = :ds
GROUP BY substr(timestamp, 12, 2)
ORDER BY hour

SELECT * FROM {{ ref('mart_funnel_daily') }} WHERE funnel_date = :ds ORDER BY step1_viewers DESC, platform

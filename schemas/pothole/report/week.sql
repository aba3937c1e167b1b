SELECT substr(date, 6) || ' (' || weekday_name || ')' AS day, SUM(impact_count) AS impacts, SUM(impact_count > 0) AS segments,
       ROUND(SUM(impact_count) * 100.0 / SUM(total_count), 2) AS risk_rate
FROM {{ ref('daily_risk') }} AS r WHERE date > date(:ds, '-7 days') AND date <= :ds GROUP BY date, weekday_name ORDER BY date

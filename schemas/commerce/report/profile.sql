SELECT
    substr(field, 2)                                                   AS field,
    types,
    {{ percent('present - nulls - empties', 'records') }}              AS filled,
    CASE WHEN distinct_exact THEN '' ELSE '≈ ' END || distinct_values  AS distincts,
    CASE WHEN length(min) > 24 THEN substr(min, 1, 23) || '…' ELSE min END AS min,
    mean, median,
    CASE WHEN length(max) > 24 THEN substr(max, 1, 23) || '…' ELSE max END AS max,
    stddev,
    CASE WHEN mean IS NOT NULL THEN outliers END                       AS outliers,
    CASE WHEN top_count > 1 THEN
        CASE WHEN length(top_value) > 24 THEN substr(top_value, 1, 23) || '…' ELSE top_value END || ' (' || top_count || ')'
    END                                                                AS top
FROM profile_log
WHERE pipeline = :pipeline AND profile_date = :ds AND field_no > 0
ORDER BY dataset, field_no

WITH t AS (SELECT part_official_name AS name, car_type AS car, min_price AS price FROM {{ ref('parts_master') }} WHERE extracted_at = :ds),
     y AS (SELECT part_official_name AS name, car_type AS car, min_price AS price FROM {{ ref('parts_master') }}
           WHERE extracted_at = (SELECT MAX(extracted_at) FROM {{ ref('parts_master') }} WHERE extracted_at < :ds))
SELECT TOTAL(t.price > y.price)  AS raised,
       TOTAL(t.price < y.price)  AS fallen,
       TOTAL(t.price = y.price)  AS same,
       TOTAL(y.name IS NULL)     AS fresh,
       (SELECT COUNT(*) FROM y LEFT JOIN t USING (name, car) WHERE t.name IS NULL) AS gone
FROM t LEFT JOIN y USING (name, car)

-- Must return no row: every event of the day is counted once in the user mart.
SELECT mart.events AS in_mart, raw.events AS in_raw
FROM (
    SELECT SUM(page_view_count + click_count + add_to_cart_count + purchase_count + search_count) AS events
    FROM {{ this }}
) AS mart,
(
    SELECT COUNT(*) AS events
    FROM {{ ref('raw_events') }}
    WHERE dt = :ds AND {{ day_of('timestamp') }} = :ds
      AND event_type IN ('page_view', 'click', 'add_to_cart', 'purchase', 'search')
) AS raw
WHERE COALESCE(mart.events, 0) <> raw.events

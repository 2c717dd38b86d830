-- What indicators matched.  ?1 now; ?2 the run whose findings count, NULL: all;
-- ?3 1: for people; ?4 type, ?5 source, NULL for any; ?6, ?7 first and last UTC
-- day.  A client may be in two values or partitions: the largest number of
-- clients is sure, the sum is not.
WITH hit AS MATERIALIZED (
    SELECT h.*, place(partition) AS place
    FROM indicator_hit AS h JOIN indicator AS i ON i.number = h.indicator
    WHERE i.removed_at IS NULL AND (?2 IS NULL OR run = ?2)
        AND (?4 IS NULL OR type = ?4) AND (?5 IS NULL OR source = ?5)
        AND day BETWEEN ?6 AND ?7
),
at AS MATERIALIZED (
    SELECT indicator, "table" AS t, "column" AS c, how, place,
        count(DISTINCT day) AS days
    FROM hit GROUP BY 1, 2, 3, 4, 5 ORDER BY min(day)
)
SELECT
    CASE
        WHEN NOT ?3 THEN i.value
        WHEN i.type IN ('address', 'network', 'domain', 'email')
            THEN replace(i.value, '.', '[.]')
        ELSE defang(i.value)
    END AS indicator,
    i.type, h."table", h."column", h.how AS "match",
    CASE
        WHEN NOT ?3 THEN min(h.value)
        WHEN i.type IN ('address', 'network', 'domain', 'email')
            THEN replace(min(h.value), '.', '[.]')
        ELSE defang(min(h.value))
    END AS seen_as,
    iso_time(min(h.first_ts)) AS first_seen,
    iso_time(max(h.last_ts)) AS last_seen,
    sum(h.events) AS events,
    count(DISTINCT h.day) AS days,
    max(h.clients) AS max_clients_a_day,
    (SELECT group_concat(place || ': ' || days || ' d', ', ') FROM at
        WHERE at.indicator = h.indicator AND t = h."table" AND c = h."column"
            AND at.how = h.how) AS now_in,
    i.confidence,
    nullif(concat_notes, '') AS note,
    i.source,
    nullif(i.campaign, '') AS campaign,
    i.number
FROM hit AS h
JOIN (
    SELECT *, iif(expires_at <= ?1, 'expired ' || substr(iso_time(expires_at - 1), 1, 10), '')
        || iif(expires_at <= ?1 AND warning <> '', '; ', '')
        || iif(warning <> '', 'on the list: ' || warning, '') AS concat_notes
    FROM indicator
) AS i ON i.number = h.indicator
GROUP BY i.number, h."table", h."column", h.how
ORDER BY i.confidence DESC, i.number, h."table", h."column", h.how

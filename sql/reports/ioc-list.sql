-- Indicators that are not removed.  ?1 now; ?2 type, ?3 source, NULL for any;
-- ?4 1: only expired ones, 0: only the others, NULL: both; ?5 1: for people.
SELECT number, type,
    CASE
        WHEN NOT ?5 THEN value
        WHEN type IN ('address', 'network', 'domain', 'email')
            THEN replace(value, '.', '[.]')
        ELSE defang(value)
    END AS value,
    confidence,
    iif(warning = '', NULL, stated || ': ' || warning) AS lowered_from,
    source,
    iif(tlp = '', NULL, tlp) AS tlp,
    iif(campaign = '', NULL, campaign) AS campaign,
    iso_time(first_seen) AS first_seen,
    iso_time(expires_at) AS expires,
    iif(expires_at <= ?1, 1, 0) AS expired,
    iif(comment = '', NULL, comment) AS comment
FROM indicator
WHERE removed_at IS NULL AND (?2 IS NULL OR type = ?2)
    AND (?3 IS NULL OR source = ?3)
    AND (?4 IS NULL OR iif(expires_at <= ?1, 1, 0) = ?4)
ORDER BY number

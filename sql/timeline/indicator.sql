-- Indicators that name the entity (?1; of an account the pattern ?3), or hold it: a
-- domain above it, a network around it.  They stand where they were first seen, else where they came.
SELECT coalesce(first_seen, added_at) AS ts, coalesce(first_seen, added_at) AS last_ts,
       source AS other,
       type || ' ' || defang(value)
       || ', confidence ' || confidence || coalesce(', ' || nullif(campaign, ''), '')
       || coalesce(': ' || nullif(comment, ''), '')
       || CASE WHEN expires_at IS NULL THEN '' ELSE ' (until ' || local_time(expires_at) || ')' END AS what,
       'indicator' AS source, number AS line, NULL AS raw,
       json_object('number', number, 'type', type, 'value', value, 'source', source,
                   'confidence', confidence, 'tlp', tlp, 'warning', warning) AS "row"
FROM indicator
WHERE removed_at IS NULL AND CASE
      WHEN $kind = 'user' THEN type IN ('account', 'email') AND value REGEXP ?3
      WHEN type = 'address' THEN value = ?1
      WHEN type = 'network' THEN ip_in(?1, value)
      WHEN type = 'domain' THEN domain_under(?1, value) OR $under AND domain_under(value, ?1)
      WHEN type = 'url' THEN url_host(value) = lower(?1)
                             OR $under AND domain_under(url_host(value), ?1) END

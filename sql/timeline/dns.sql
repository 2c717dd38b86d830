-- Who asked for which name, and what it was told.
SELECT CASE WHEN $hit = 'src_ip' THEN defang(query) ELSE src_ip END AS other,
       CASE WHEN action IS NULL OR action IN ('query', 'denied', 'failed') THEN 'asked for '
            ELSE action || ': ' END
       || coalesce(record_type || ' ', '') || coalesce(defang(query), '?')
       || coalesce(' -> ' || defang(answer), '')
       || CASE WHEN rcode IS NULL OR rcode = 'NOERROR' THEN '' ELSE ': ' || rcode END
       || CASE WHEN action IN ('denied', 'failed') THEN ': ' || action ELSE '' END
       || coalesce(': ' || message, '') AS what,
       *
FROM dns

-- Who asked for what, and what became of it.
SELECT CASE WHEN $hit IN ('src_ip', 'dst_ip') THEN coalesce(defang(cs_host), '')
            ELSE src_ip END AS other,
       coalesce(cs_method || ' ', '') || coalesce(defang(c_uri), defang(cs_host), '?')
       || coalesce(' -> ' || sc_status, '')
       || CASE WHEN squid_action LIKE '%DENIED%' THEN ' denied' ELSE '' END
       || coalesce(', ' || size_text(sc_bytes), '')
       || CASE WHEN cs_bytes >= 100000 THEN ', sent ' || size_text(cs_bytes) ELSE '' END
       || CASE WHEN $hit = 'cs_username' OR cs_username IS NULL THEN ''
               ELSE ' (' || cs_username || ')' END AS what,
       *
FROM proxy

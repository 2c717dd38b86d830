-- title: Data in URLs
-- table: proxy
-- needs: proxy.c_uri
-- window: 14d
-- stage: actions-on-objectives, command-and-control
-- attack: v19 T1041, T1132.001
-- level: medium
-- tags: plus
-- param: min_events integer 5 "smallest number of such requests"
-- param: max_clients integer 3 "most clients that use the host"
-- key: src_ip, cs_host
-- why: {src_ip} sent {events} requests with long data in the URL to {cs_host:defang}, {bytes:size} in all, such as {c_uri:defang}
-- about: Queries of 512 characters and more, and runs of 400 characters as in base64 or
--   hexadecimal: what does not go out in the body goes out in the address.
--   Advertising and log-on pages do it too, at hosts that many clients use: these are
--   left out, and so are sites for work (work_domains).
--   Next: decode one; how much left in all; what the same client did before.
-- hit: proxy-data-in-url.hit.log
-- miss: proxy-data-in-url.miss.log
WITH host AS MATERIALIZED (
    SELECT cs_host FROM (
        SELECT cs_host, src_ip FROM proxy_rollup
        WHERE ts >= :from_ts - 14 * 86400000000 AND ts < :to_ts AND cs_host IS NOT NULL
        GROUP BY cs_host, src_ip)
    GROUP BY cs_host
    HAVING count(*) <= :max_clients
       AND NOT EXISTS (SELECT 1 FROM site_work_domain WHERE domain_under(cs_host, domain)))
SELECT src_ip, cs_host, min(substr(c_uri, 1, 120)) AS c_uri,
       sum(length(c_uri)) AS bytes, count(*) AS events,
       min(ts) AS first_ts, max(ts) AS last_ts
FROM proxy
WHERE ts >= :from_ts AND ts < :to_ts
  AND cs_host IN (SELECT cs_host FROM host)
  AND c_uri REGEXP '\?.{512}|[A-Za-z0-9+_=%-]{400}'
GROUP BY src_ip, cs_host
HAVING count(*) >= :min_events
ORDER BY src_ip, cs_host

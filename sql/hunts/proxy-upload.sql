-- title: POST, then a tunnel, and much data
-- table: proxy
-- needs: proxy.cs_method, proxy.cs_host
-- stage: actions-on-objectives, command-and-control, exploitation
-- attack: v19 T1041, T1567.002
-- level: high
-- tags: guide, core
-- reference: JPCERT/CC 2015, 5.3.2
-- param: min_mb integer 50 "smallest amount of data in MB, from the first POST on"
-- param: within_h integer 24 "hours from the first POST to the tunnel, at most"
-- key: src_ip, cs_host, day
-- why: {src_ip} {verb} {bytes:size} by {posts} POST and {tunnels} CONNECT after it to {cs_host:defang}, from {first_ts} to {last_ts}
-- about: POST requests to one destination, then CONNECT to the same, added up a day. It
--   counts the bytes that the client sent; a log without them (Squid's native format)
--   gives those that the client received, which is a weaker sign: "exchanged" says so.
--   Sites for work (work_domains in kura.yaml) are left out.
--   Benign: cloud storage that the house permits, meetings, backups. Next: what
--   the machine holds, who was logged on, the same destination from other machines.
-- hit: proxy-upload.hit.log
-- miss: proxy-upload.miss.log
WITH large AS MATERIALIZED (
    SELECT src_ip, cs_host, day
    FROM proxy_rollup
    WHERE ts >= :from_ts AND ts < :to_ts
      AND cs_method IN ('POST', 'PUT', 'CONNECT') AND cs_host IS NOT NULL
    GROUP BY src_ip, cs_host, day
    HAVING coalesce(sum(sum_cs_bytes), sum(sum_sc_bytes)) >= :min_mb * 1000000
       AND count(DISTINCT cs_method) > 1
       AND NOT EXISTS (SELECT 1 FROM site_work_domain
                       WHERE domain_under(cs_host, domain))),
request AS MATERIALIZED (
    SELECT src_ip, cs_host, day, cs_method, cs_bytes, sc_bytes, ts,
           ts - coalesce(elapsed_ms, 0) * 1000 AS start
    FROM proxy
    WHERE ts >= :from_ts AND ts < :to_ts
      AND cs_method IN ('POST', 'PUT', 'CONNECT')
      AND cs_host IN (SELECT cs_host FROM large)
      AND (+src_ip, +cs_host, +day) IN (SELECT src_ip, cs_host, day FROM large)),
post AS MATERIALIZED (
    SELECT src_ip, cs_host, day, min(start) AS post
    FROM request WHERE cs_method <> 'CONNECT'
    GROUP BY src_ip, cs_host, day)
SELECT src_ip, cs_host, day,
       iif(sum(cs_bytes) IS NULL, 'exchanged', 'sent') AS verb,
       coalesce(sum(cs_bytes), sum(sc_bytes)) AS bytes,
       sum(cs_method <> 'CONNECT') AS posts, sum(cs_method = 'CONNECT') AS tunnels,
       count(*) AS events, min(ts) AS first_ts, max(ts) AS last_ts
FROM request JOIN post USING (src_ip, cs_host, day)
WHERE start >= post AND start <= post + :within_h * 3600000000
GROUP BY src_ip, cs_host, day
HAVING coalesce(sum(cs_bytes), sum(sc_bytes)) >= :min_mb * 1000000
   AND sum(cs_method = 'CONNECT') > 0
ORDER BY src_ip, cs_host, day

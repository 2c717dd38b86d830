-- title: A share of the outside is opened
-- table: proxy
-- needs: proxy.cs_method, proxy.cs_host
-- stage: delivery, exploitation, command-and-control
-- attack: v19 T1187, T1105
-- level: high
-- tags: core
-- param: min_events integer 1 "smallest number of requests"
-- key: src_ip, cs_host
-- why: {src_ip} sent {events} WebDAV requests ({methods}) to {cs_host:defang}, from {first_ts} to {last_ts}
-- about: Windows opens \\host@80\share by WebDAV: a shortcut or document that points there
--   fetches a program without a browser, and may hand out the user's password hash.
--   Seen by the methods of WebDAV and by the user agent of Windows. Hosts of the house
--   and sites for work (work_domains in kura.yaml) are left out.
--   Benign: calendars and cloud storage that are mounted. Next: the paths asked for; what
--   was opened just before (a mail, a shortcut); which account was offered.
-- hit: proxy-webdav.hit.log
-- miss: proxy-webdav.miss.log
WITH request AS MATERIALIZED (
    SELECT src_ip, cs_host, cs_method, dst_internal, events, first_ts, last_ts
    FROM proxy_rollup
    WHERE ts >= :from_ts AND ts < :to_ts AND cs_host IS NOT NULL
      AND cs_method IN ('PROPFIND', 'PROPPATCH', 'MKCOL', 'LOCK', 'UNLOCK', 'COPY',
                        'MOVE', 'SEARCH')
    UNION ALL
    SELECT src_ip, cs_host, cs_method, dst_internal, events, first_ts, last_ts
    FROM proxy_rollup
    WHERE ts >= :from_ts AND ts < :to_ts AND cs_host IS NOT NULL
      AND cs_method NOT IN ('PROPFIND', 'PROPPATCH', 'MKCOL', 'LOCK', 'UNLOCK', 'COPY',
                            'MOVE', 'SEARCH')
      AND c_useragent LIKE '%WebDAV%')
SELECT src_ip, cs_host, group_concat(DISTINCT cs_method) AS methods,
       sum(events) AS events, min(first_ts) AS first_ts, max(last_ts) AS last_ts
FROM request
WHERE dst_internal IS NOT 1 AND is_internal(cs_host) IS NOT 1
  AND instr(cs_host, '.') > 0
  AND NOT EXISTS (SELECT 1 FROM site_work_domain WHERE domain_under(cs_host, domain))
  AND NOT EXISTS (SELECT 1 FROM site_mail_domain WHERE domain_under(cs_host, domain))
GROUP BY src_ip, cs_host
HAVING sum(events) >= :min_events
ORDER BY src_ip, cs_host

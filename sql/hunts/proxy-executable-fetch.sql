-- title: A program from a domain never seen before
-- table: proxy
-- needs: proxy.cs_host, proxy.c_uri, proxy.cs_method, proxy.sc_status, proxy.sc_bytes
-- window: 7d
-- stage: delivery, installation, command-and-control
-- attack: v19 T1105, T1204.002
-- level: high
-- tags: core
-- param: new_days integer 7 "days for which a domain is new"
-- param: learn_days integer 14 "days of logs before a domain can be new"
-- param: min_bytes integer 1024 "smallest size of what was fetched, in bytes"
-- key: src_ip, cs_host
-- why: {src_ip} fetched {file} ({bytes:size}, {mime_type}) from {cs_host:defang}, first seen at {seen_ts}
-- about: Programs, scripts, archives and images of disks by the end of the path or by the
--   type that the server says, fetched with success from a domain (or an address) that is
--   not in the logs before. None is new in the first weeks of the warehouse.
--   Benign: a person fetches a tool. Next: get the file and test it; what the client
--   did in the ten minutes after; who else fetched it; which mail or page led there.
-- hit: proxy-executable-fetch.hit.log
-- miss: proxy-executable-fetch.miss.log
WITH begin AS MATERIALIZED (
    SELECT min(first_ts) + :learn_days * 86400000000 AS ts
    FROM sighting_rollup WHERE table_name = 'proxy'),
fresh AS MATERIALIZED (
    SELECT value AS name, min(first_ts) AS seen FROM sighting_rollup
    WHERE table_name = 'proxy' AND observable = 'registered_domain'
    GROUP BY value
    HAVING min(first_ts) >= :from_ts - :new_days * 86400000000
       AND min(first_ts) >= (SELECT ts FROM begin)
       AND NOT EXISTS (SELECT 1 FROM site_work_domain WHERE domain_under(value, domain))
    UNION ALL
    SELECT value, min(first_ts) FROM sighting_rollup
    WHERE table_name = 'proxy' AND observable = 'cs_host'
    GROUP BY value
    HAVING min(first_ts) >= :from_ts - :new_days * 86400000000
       AND min(first_ts) >= (SELECT ts FROM begin)
       AND is_ip(value) = 1 AND is_internal(value) IS NOT 1),
request AS MATERIALIZED (
    SELECT src_ip, cs_host, coalesce(registered_domain, cs_host) AS name,
           c_uri_stem, c_uri_extension, mime_type, sc_bytes, ts
    FROM proxy
    WHERE ts >= :from_ts AND ts < :to_ts AND sc_status BETWEEN 200 AND 299
      AND sc_bytes >= :min_bytes AND cs_method IN ('GET', 'POST')
      AND cs_host IN (
          SELECT cs_host FROM proxy_rollup
          WHERE ts >= :from_ts AND ts < :to_ts AND cs_host IS NOT NULL
          GROUP BY cs_host, registered_domain
          HAVING coalesce(registered_domain, cs_host) IN (SELECT name FROM fresh)))
SELECT src_ip, cs_host,
       coalesce(regexp_extract(min(c_uri_stem), '[^/]+$'), '/') AS file,
       count(DISTINCT c_uri_stem) AS files, coalesce(min(mime_type), 'no type') AS mime_type,
       max(sc_bytes) AS bytes, min(seen) AS seen_ts, count(*) AS events,
       min(ts) AS first_ts, max(ts) AS last_ts
FROM request JOIN fresh USING (name)
WHERE ts < seen + :new_days * 86400000000
  AND (c_uri_extension IN ('exe', 'dll', 'scr', 'com', 'pif', 'msi', 'msp', 'cpl', 'sys',
                           'bat', 'cmd', 'ps1', 'vbs', 'vbe', 'jse', 'wsf', 'hta', 'jar',
                           'lnk', 'chm', 'xll', 'iso', 'img', 'vhd', 'vhdx', 'cab',
                           'zip', 'rar', '7z', 'lzh', 'ace', 'gz')
       OR mime_type IN ('application/x-msdownload', 'application/x-dosexec',
                        'application/x-msdos-program', 'application/x-executable',
                        'application/vnd.microsoft.portable-executable',
                        'application/x-msi', 'application/x-ms-installer',
                        'application/java-archive', 'application/hta',
                        'application/x-powershell', 'application/x-bat',
                        'application/zip', 'application/x-zip-compressed',
                        'application/x-rar-compressed', 'application/vnd.rar',
                        'application/x-7z-compressed',
                        'application/vnd.ms-cab-compressed',
                        'application/x-iso9660-image'))
GROUP BY src_ip, cs_host
ORDER BY src_ip, cs_host

-- title: A file that is not what its name says
-- table: proxy
-- needs: proxy.c_uri, proxy.mime_type
-- window: 14d
-- stage: delivery, installation, command-and-control
-- attack: v19 T1036.008, T1105
-- level: high
-- tags: core
-- param: max_clients integer 5 "most clients that fetch such from the host"
-- param: min_bytes integer 1024 "smallest size of what was fetched, in bytes"
-- key: src_ip, cs_host
-- why: {src_ip} fetched {c_uri:defang}, which the server calls {mime_type} ({bytes:size}), {events} times
-- about: A path that ends as a picture, a page or a font, and a type that says program or
--   archive; or a path that ends as a program and a type that says picture, sound or film.
--   Second stages are fetched that way past filters of file types.
--   Benign: servers that are set up badly; they show it to many clients.
--   Next: get the file and test it; who asked for it, a browser (Referer) or a program.
-- hit: proxy-type-mismatch.hit.log
-- miss: proxy-type-mismatch.miss.log
WITH request AS MATERIALIZED (
    SELECT src_ip, cs_host, c_uri, mime_type, sc_bytes, ts FROM proxy
    WHERE ts >= :from_ts - 14 * 86400000000 AND ts < :to_ts
      AND sc_status BETWEEN 200 AND 299
      AND sc_bytes >= :min_bytes
      AND c_uri_extension IN ('jpg', 'jpeg', 'png', 'gif', 'bmp', 'ico', 'webp', 'svg',
                              'txt', 'htm', 'html', 'css', 'woff', 'woff2', 'ttf',
                              'mp3', 'mp4', 'pdf')
      AND mime_type IN ('application/x-msdownload', 'application/x-dosexec',
                        'application/x-msdos-program', 'application/x-executable',
                        'application/vnd.microsoft.portable-executable',
                        'application/x-msi', 'application/java-archive',
                        'application/hta', 'application/x-powershell',
                        'application/zip', 'application/x-zip-compressed',
                        'application/x-rar-compressed', 'application/vnd.rar',
                        'application/x-7z-compressed',
                        'application/vnd.ms-cab-compressed')
    UNION ALL
    SELECT src_ip, cs_host, c_uri, mime_type, sc_bytes, ts FROM proxy
    WHERE ts >= :from_ts - 14 * 86400000000 AND ts < :to_ts
      AND sc_status BETWEEN 200 AND 299
      AND sc_bytes >= :min_bytes
      AND c_uri_extension IN ('exe', 'dll', 'scr', 'msi', 'bat', 'cmd', 'ps1', 'vbs',
                              'hta', 'jar', 'zip', 'rar', '7z', 'cab')
      AND mime_type REGEXP '(?i)^(image|audio|video|font)/')
SELECT src_ip, cs_host, min(c_uri) AS c_uri, min(mime_type) AS mime_type,
       max(sc_bytes) AS bytes, count(*) AS events,
       min(ts) AS first_ts, max(ts) AS last_ts
FROM request
WHERE ts >= :from_ts
  AND cs_host IN (SELECT cs_host FROM request GROUP BY cs_host
                  HAVING count(DISTINCT src_ip) <= :max_clients)
GROUP BY src_ip, cs_host
ORDER BY src_ip, cs_host

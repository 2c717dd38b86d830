-- title: A URL, host or user agent on a list
-- table: proxy
-- needs: indicator, proxy.src_ip
-- stage: command-and-control, delivery, exploitation, actions-on-objectives
-- attack: v19 T1071.001, T1204.001, T1105
-- level: high
-- tags: guide, core
-- reference: JPCERT/CC 2015, 5.3.1
-- param: max_clients integer 10 "most clients of a host of which only a URL is listed, for CONNECT"
-- key: src_ip, cs_host, value
-- why: {src_ip} asked {events} times for {cs_host:defang}: {what} {value:defang} is on a list (indicator {number}, {source}, confidence {confidence}{expired}); {refused} refused
-- about: Hosts, the addresses that answered, URLs and user agents are held against all indicators
--   ('kura ioc list'), expired ones with a mark. A tunnel (CONNECT) shows the host and not
--   the URL: where only a URL of the host is listed, a tunnel to it counts when few
--   clients go there.
--   Benign: a site that carries many pages, of which one was bad; see the indicator's
--   warning and comment. A refused request matters too: what asked is still there.
--   Next: when it began; what was fetched; the same at mail, DNS and firewall.
-- hit: proxy-indicator.hit.log
-- miss: proxy-indicator.miss.log
WITH url_host AS MATERIALIZED (
    SELECT url_host(value) AS cs_host, min(number) AS number FROM indicator
    WHERE type = 'url' AND removed_at IS NULL AND url_host(value) IS NOT NULL
    GROUP BY url_host(value)),
host AS MATERIALIZED (
    SELECT cs_host, ioc('host', cs_host) AS number FROM proxy_rollup
    WHERE ts >= :from_ts AND ts < :to_ts AND cs_host IS NOT NULL
    GROUP BY cs_host HAVING number IS NOT NULL),
server AS MATERIALIZED (
    SELECT dst_ip, ioc('host', dst_ip) AS number FROM proxy_rollup
    WHERE ts >= :from_ts AND ts < :to_ts AND dst_ip IS NOT NULL
    GROUP BY dst_ip HAVING number IS NOT NULL),
agent AS MATERIALIZED (
    SELECT c_useragent, ioc('useragent', c_useragent) AS number FROM proxy_rollup
    WHERE ts >= :from_ts AND ts < :to_ts AND c_useragent IS NOT NULL
    GROUP BY c_useragent HAVING number IS NOT NULL),
-- Requests to hosts of which a URL is listed.
page AS MATERIALIZED (
    SELECT src_ip, cs_host, cs_method, c_uri, sum(events) AS events,
           sum(iif(sc_status >= 400, events, 0)) AS refused,
           min(first_ts) AS first_ts, max(last_ts) AS last_ts
    FROM proxy_rollup
    WHERE ts >= :from_ts AND ts < :to_ts
      AND cs_host IN (SELECT cs_host FROM url_host)
    GROUP BY src_ip, cs_host, cs_method, c_uri),
match AS MATERIALIZED (
    SELECT src_ip, cs_host, number, 'the host' AS what, events,
           iif(sc_status >= 400, events, 0) AS refused, first_ts, last_ts
    FROM proxy_rollup CROSS JOIN host USING (cs_host)
    WHERE ts >= :from_ts AND ts < :to_ts
      AND proxy_rollup.cs_host IN (SELECT cs_host FROM host)
    UNION ALL
    SELECT src_ip, cs_host, number, 'the server', events,
           iif(sc_status >= 400, events, 0), first_ts, last_ts
    FROM proxy_rollup CROSS JOIN server USING (dst_ip)
    WHERE ts >= :from_ts AND ts < :to_ts
      AND proxy_rollup.dst_ip IN (SELECT dst_ip FROM server)
      AND cs_host IS NOT proxy_rollup.dst_ip
    UNION ALL
    SELECT src_ip, cs_host, number, 'the user agent', events,
           iif(sc_status >= 400, events, 0), first_ts, last_ts
    FROM proxy_rollup CROSS JOIN agent USING (c_useragent)
    WHERE ts >= :from_ts AND ts < :to_ts
      AND proxy_rollup.c_useragent IN (SELECT c_useragent FROM agent)
    UNION ALL
    SELECT src_ip, cs_host, ioc('url', c_uri), 'the URL', events, refused,
           first_ts, last_ts
    FROM page WHERE cs_method <> 'CONNECT' AND ioc('url', c_uri) IS NOT NULL
    UNION ALL
    SELECT src_ip, cs_host, number, 'the host of the URL', events, refused,
           first_ts, last_ts
    FROM page JOIN url_host USING (cs_host)
    WHERE cs_method = 'CONNECT'
      AND cs_host IN (SELECT cs_host FROM page GROUP BY cs_host
                      HAVING count(DISTINCT src_ip) <= :max_clients))
SELECT match.src_ip AS src_ip, match.cs_host AS cs_host, indicator.value AS value,
       match.number AS number, min(what) AS what, indicator.type AS type,
       indicator.source AS source, indicator.confidence AS confidence,
       iif(indicator.expires_at < max(last_ts), ', expired', '') AS expired,
       sum(events) AS events, sum(refused) AS refused,
       min(first_ts) AS first_ts, max(last_ts) AS last_ts
FROM match JOIN indicator ON indicator.number = match.number
GROUP BY match.src_ip, match.cs_host, match.number
ORDER BY match.src_ip, match.cs_host, indicator.value

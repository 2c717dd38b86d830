-- title: User agents that no browser has
-- table: proxy
-- needs: proxy.c_useragent
-- window: 14d
-- stage: command-and-control, exploitation
-- attack: v19 T1071.001
-- level: medium
-- tags: core
-- param: max_clients integer 5 "most clients with the same; for none, most clients of the host"
-- param: min_events integer 3 "smallest number of requests"
-- key: src_ip, c_useragent
-- why: {src_ip} sent {events} requests to {hosts} hosts, such as {cs_host:defang}, {how}: "{c_useragent}"
-- evidence: proxy: src_ip = :src_ip AND coalesce(c_useragent, '-') = :c_useragent AND cs_host IS NOT NULL
-- about: Whoever writes malware types the user agent by hand: Mozilla misspelt, a bracket
--   that does not close, the name of the header inside its value, a bare word, nothing.
--   Benign: home-made tools and appliances; they are few, name them in an allow rule.
--   Requests without any count only to hosts that few clients use, and only in logs
--   that tell user agents at all.
--   Next: the URLs; which program of the machine sends them.
-- hit: proxy-broken-user-agent.hit.log
-- miss: proxy-broken-user-agent.miss.log
WITH odd AS MATERIALIZED (
    SELECT c_useragent,
           CASE WHEN c_useragent REGEXP '(?i)^mo(?!zilla)[zs]+[i1]*[l1]+[i1]*[l1]*a' THEN 'a browser misspelt'
                WHEN c_useragent REGEXP '^(?i:user-agent)[: ]' THEN 'the name of the header in its value'
                WHEN c_useragent REGEXP '^[ \t]|[ \t]$' THEN 'blanks around it'
                WHEN c_useragent REGEXP '^[^()]*\([^()]*$' THEN 'a bracket that does not close'
                WHEN c_useragent REGEXP '^Mozilla(/[0-9.]+)?$' THEN 'a browser without a word more'
                WHEN c_useragent REGEXP '^mozilla/' THEN 'a browser in small letters'
                WHEN c_useragent REGEXP '^Mozilla/4\.0 \(compatible; MSIE [0-9.]+;[^ ]' THEN 'a blank that is missing'
                WHEN c_useragent REGEXP '%20' THEN 'blanks written %20'
                WHEN c_useragent REGEXP '(?i)^(test|agent|user[- ]?agent|hello|http|https|browser|explorer|internet explorer|ie|msie|chrome|firefox|safari|client|default|unknown|none|null|loader|bot|x)$' THEN 'a bare word'
           END AS how
    FROM proxy_rollup
    WHERE ts >= :from_ts AND ts < :to_ts AND c_useragent IS NOT NULL
    GROUP BY c_useragent HAVING how IS NOT NULL),
telling AS MATERIALIZED (
    SELECT source FROM proxy_rollup
    WHERE ts >= :from_ts AND ts < :to_ts AND c_useragent IS NOT NULL
    GROUP BY source),
none AS MATERIALIZED (
    SELECT cs_host, src_ip, sum(events) AS events,
           min(first_ts) AS first_ts, max(last_ts) AS last_ts
    FROM proxy_rollup
    WHERE ts >= :from_ts AND ts < :to_ts AND c_useragent IS NULL
      AND cs_host IS NOT NULL AND source IN (SELECT source FROM telling)
    GROUP BY cs_host, src_ip),
few AS MATERIALIZED (
    SELECT cs_host FROM (
        SELECT cs_host, src_ip FROM proxy_rollup
        WHERE ts >= :from_ts - 14 * 86400000000 AND ts < :to_ts
          AND cs_host IN (SELECT cs_host FROM none)
        GROUP BY cs_host, src_ip)
    GROUP BY cs_host HAVING count(*) <= :max_clients),
used AS MATERIALIZED (
    SELECT src_ip, c_useragent, cs_host, sum(events) AS events,
           min(first_ts) AS first_ts, max(last_ts) AS last_ts
    FROM proxy_rollup
    WHERE ts >= :from_ts AND ts < :to_ts
      AND c_useragent IN (SELECT c_useragent FROM odd)
    GROUP BY src_ip, c_useragent, cs_host),
spread AS MATERIALIZED (
    SELECT c_useragent FROM (
        SELECT c_useragent, src_ip FROM proxy_rollup
        WHERE ts >= :from_ts - 14 * 86400000000 AND ts < :to_ts
          AND c_useragent IN (SELECT c_useragent FROM odd)
        GROUP BY c_useragent, src_ip)
    GROUP BY c_useragent HAVING count(*) <= :max_clients)
SELECT src_ip, c_useragent, how, count(DISTINCT cs_host) AS hosts,
       min(cs_host) AS cs_host, sum(events) AS events,
       min(first_ts) AS first_ts, max(last_ts) AS last_ts
FROM used JOIN odd USING (c_useragent) JOIN spread USING (c_useragent)
GROUP BY src_ip, c_useragent HAVING sum(events) >= :min_events
UNION ALL
SELECT src_ip, '-', 'without a user agent', count(*), min(cs_host), sum(events),
       min(first_ts), max(last_ts)
FROM none WHERE cs_host IN (SELECT cs_host FROM few)
GROUP BY src_ip HAVING sum(events) >= :min_events
ORDER BY 1, 2

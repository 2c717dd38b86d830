-- title: A name on a list is asked for
-- table: dns
-- needs: indicator, dns.query
-- stage: command-and-control, delivery, exploitation, actions-on-objectives
-- attack: v19 T1071.004, T1204.001
-- level: high
-- tags: guide, core
-- reference: JPCERT/CC 2015, 5.4.1
-- param: max_clients integer 10 "most clients that ask for a name of which only a URL is listed"
-- key: src_ip, query, value
-- why: {src_ip} asked {events} times for {query:defang}: {what} {value:defang} is on a list (indicator {number}, {source}, confidence {confidence}{expired}), from {first_ts} to {last_ts}
-- about: Names and what is below them, names in listed URLs, and reverse lookups of listed
--   addresses. The name server sees malware that goes past the proxy and the one whose
--   connections were refused.
--   A proxy, a mail server or another resolver asks for somebody else: look into its log.
--   Benign: a mail filter that asks about what is in a mail. Reverse lookups are made by
--   what was talked to (a mail server, a firewall), not by who talks.
--   Next: the same in the log of the proxy and the firewall; when it began.
-- hit: dns-indicator.hit.log
-- miss: dns-indicator.miss.log
WITH url_host AS MATERIALIZED (
    SELECT url_host(value) AS query, min(number) AS number FROM indicator
    WHERE type = 'url' AND removed_at IS NULL AND url_host(value) IS NOT NULL
    GROUP BY url_host(value)),
listed AS MATERIALIZED (
    SELECT query, ioc('host', query) AS number, 'the name' AS what FROM dns_rollup
    WHERE ts >= :from_ts AND ts < :to_ts
    GROUP BY query HAVING number IS NOT NULL
    UNION ALL
    SELECT query, number, 'a URL at it,' FROM url_host
    UNION ALL
    SELECT query,
           ioc('host', regexp_extract(query, '^(\d+)\.(\d+)\.(\d+)\.(\d+)\.', 4) || '.'
                       || regexp_extract(query, '^(\d+)\.(\d+)\.(\d+)\.(\d+)\.', 3) || '.'
                       || regexp_extract(query, '^(\d+)\.(\d+)\.(\d+)\.(\d+)\.', 2) || '.'
                       || regexp_extract(query, '^\d+')) AS number, 'the address'
    FROM dns_rollup
    WHERE ts >= :from_ts AND ts < :to_ts AND query LIKE '%.in-addr.arpa'
    GROUP BY query HAVING number IS NOT NULL),
asked AS MATERIALIZED (
    SELECT src_ip, query, sum(events) AS events,
           min(first_ts) AS first_ts, max(last_ts) AS last_ts
    FROM dns_rollup
    WHERE ts >= :from_ts AND ts < :to_ts AND query IN (SELECT query FROM listed)
    GROUP BY src_ip, query),
spread AS MATERIALIZED (
    SELECT query, count(*) AS clients FROM asked GROUP BY query)
SELECT src_ip, asked.query AS query, indicator.value AS value, listed.number AS number,
       min(what) AS what, indicator.type AS type, indicator.source AS source,
       indicator.confidence AS confidence,
       iif(indicator.expires_at < max(last_ts), ', expired', '') AS expired,
       events, first_ts, last_ts
FROM asked JOIN listed USING (query) JOIN spread USING (query)
JOIN indicator ON indicator.number = listed.number
WHERE what NOT LIKE 'a URL%' OR clients <= :max_clients
GROUP BY src_ip, asked.query, listed.number
ORDER BY src_ip, asked.query, indicator.value

-- title: Asked for again and again, never connected to
-- table: dns, proxy
-- needs: dns.src_ip, dns.query, proxy.cs_host
-- window: 14d
-- stage: command-and-control, actions-on-objectives
-- attack: v19 T1071.004
-- level: high
-- tags: core
-- param: min_events integer 20 "questions of a client for a domain in a day"
-- param: min_hours integer 3 "different hours in which it asks"
-- param: max_clients integer 3 "most clients that ask for the domain"
-- key: src_ip, registered_domain
-- why: {src_ip} asked for {registered_domain:defang} {events} times in {hours} hours of {day}, and nobody went there through the proxy
-- about: Names are asked for in order to connect. Who only asks may get its orders in the
--   answers, or waits for a name to come to life. The log of the name server has no
--   addresses, so a client with connections of its own through the firewall cannot be
--   judged and is left out; mail servers, resolvers and proxies too.
--   Benign: a program that tries to get out without the proxy; that is worth a look too.
--   Next: dns-tunnel-shape, dns-beacon; fw-denied-outbound of the same client.
-- evidence: dns: src_ip = :src_ip AND registered_domain = :registered_domain
-- hit: dns-asked-never-connected.hit-dns.log
-- hit: dns-asked-never-connected.hit-proxy.log
-- miss: dns-asked-never-connected.miss-dns.log
-- miss: dns-asked-never-connected.miss-proxy.log
-- miss: dns-asked-never-connected.miss-fw.log
WITH own AS MATERIALIZED (
    SELECT domain FROM site_mail_domain
    UNION SELECT registered_domain(name) FROM site_controller
    WHERE registered_domain(name) IS NOT NULL
    UNION SELECT domain FROM site_work_domain),
outside AS MATERIALIZED (
    SELECT registered_domain, count(*) AS clients FROM (
        SELECT registered_domain, src_ip FROM dns_rollup
        WHERE ts >= :from_ts - 14 * 86400000000 AND ts < :to_ts
          AND registered_domain NOT LIKE '%.arpa'
        GROUP BY registered_domain, src_ip)
    GROUP BY registered_domain
    HAVING count(*) <= :max_clients
       AND NOT EXISTS (SELECT 1 FROM own WHERE domain_under(registered_domain, domain))),
asked AS MATERIALIZED (
    SELECT src_ip, registered_domain, day, hour, sum(events) AS events,
           min(first_ts) AS first_ts, max(last_ts) AS last_ts
    FROM dns_rollup
    WHERE ts >= :from_ts AND ts < :to_ts
      AND registered_domain IN (SELECT registered_domain FROM outside)
      AND src_ip NOT IN (SELECT address FROM site_mail_server
                         UNION SELECT address FROM site_resolver
                         UNION SELECT address FROM site_proxy)
    GROUP BY src_ip, registered_domain, day, hour),
daily AS MATERIALIZED (
    SELECT src_ip, registered_domain, day, count(*) AS hours, sum(events) AS events,
           min(first_ts) AS first_ts, max(last_ts) AS last_ts
    FROM asked GROUP BY src_ip, registered_domain, day
    HAVING sum(events) >= :min_events AND count(*) >= :min_hours),
visited AS MATERIALIZED (
    SELECT registered_domain FROM proxy_rollup
    WHERE ts >= :from_ts - 14 * 86400000000 AND ts < :to_ts
      AND registered_domain IN (SELECT registered_domain FROM daily)
    GROUP BY registered_domain),
direct AS MATERIALIZED (
    SELECT src_ip FROM firewall_rollup
    WHERE ts >= :from_ts - 14 * 86400000000 AND ts < :to_ts
      AND src_ip IN (SELECT src_ip FROM daily)
      AND blocked = 'false' AND dst_internal = 0 AND dst_port NOT IN (53, 853)
    GROUP BY src_ip),
best AS (
    SELECT *, row_number() OVER (PARTITION BY src_ip, registered_domain
                                 ORDER BY events DESC, day) AS place,
           min(first_ts) OVER pair AS begun, max(last_ts) OVER pair AS ended
    FROM daily
    WHERE registered_domain NOT IN (SELECT registered_domain FROM visited)
      AND src_ip NOT IN (SELECT src_ip FROM direct)
    WINDOW pair AS (PARTITION BY src_ip, registered_domain))
SELECT src_ip, registered_domain, day, hours, events, begun AS first_ts, ended AS last_ts
FROM best WHERE place = 1
ORDER BY src_ip, registered_domain

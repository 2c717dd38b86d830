-- title: Very many names of one domain
-- table: dns
-- needs: dns.src_ip, dns.query
-- window: 14d
-- stage: command-and-control, actions-on-objectives
-- attack: v19 T1071.004, T1048.003
-- level: high
-- tags: core
-- param: min_names integer 100 "different names of a domain by one client in a day"
-- param: max_clients integer 5 "most clients that ask for the domain"
-- key: src_ip, registered_domain
-- why: {src_ip} asked for {names} different names below {registered_domain:defang} on {day}, such as {query:defang}; {days} days, {events} questions
-- about: A tunnel through DNS puts its data into the name, so no name comes twice. RITA takes
--   100, 500, 800 and 1000 names as steps. Domains that more clients ask for (CDN, telemetry),
--   the house's own and those for work are left out, and block lists that are
--   asked for addresses (4.3.2.1.list.example).
--   Benign: an antivirus that asks about digests, when one machine has it.
--   Next: dns-tunnel-shape; the types asked for; which program asks.
-- hit: dns-tunnel-count.hit.log
-- miss: dns-tunnel-count.miss.log
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
pair AS MATERIALIZED (
    SELECT src_ip, registered_domain, day FROM dns_rollup
    WHERE ts >= :from_ts AND ts < :to_ts
      AND registered_domain IN (SELECT registered_domain FROM outside)
    GROUP BY src_ip, registered_domain, day
    HAVING sum(events) >= :min_names),
name AS MATERIALIZED (
    SELECT src_ip, registered_domain, day, query, sum(events) AS events,
           min(first_ts) AS first_ts, max(last_ts) AS last_ts
    FROM dns_rollup
    WHERE ts >= :from_ts AND ts < :to_ts
      AND registered_domain IN (SELECT registered_domain FROM pair)
      AND src_ip IN (SELECT src_ip FROM pair)
    GROUP BY src_ip, registered_domain, day, query),
daily AS MATERIALIZED (
    SELECT src_ip, registered_domain, day, count(*) AS names, min(query) AS query,
           sum(events) AS events, min(first_ts) AS first_ts, max(last_ts) AS last_ts
    FROM name
    WHERE NOT query REGEXP '(?i)^(([0-9]{1,3}\.){4}|([0-9a-f]\.){32})'
    GROUP BY src_ip, registered_domain, day
    HAVING count(*) >= :min_names),
best AS (
    SELECT *, row_number() OVER (PARTITION BY src_ip, registered_domain
                                 ORDER BY names DESC, day) AS place,
           count(*) OVER pair AS days, sum(events) OVER pair AS all_events,
           min(first_ts) OVER pair AS begun, max(last_ts) OVER pair AS ended
    FROM daily WINDOW pair AS (PARTITION BY src_ip, registered_domain))
SELECT src_ip, registered_domain, day, names, query, days, all_events AS events,
       begun AS first_ts, ended AS last_ts
FROM best WHERE place = 1
ORDER BY src_ip, registered_domain

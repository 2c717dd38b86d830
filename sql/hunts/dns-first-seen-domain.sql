-- title: A new domain that one client asks for again and again
-- table: dns
-- needs: dns.src_ip, dns.query
-- window: 7d
-- stage: command-and-control, exploitation, delivery
-- attack: v19 T1568, T1071.004
-- level: medium
-- tags: plus
-- param: new_days integer 7 "days for which a domain is new"
-- param: learn_days integer 28 "days of logs before a domain can be new"
-- param: max_clients integer 1 "most clients in the days when it is new"
-- param: min_times integer 5 "smallest number of times that it is asked for"
-- param: pause_s integer 60 "seconds without a question that end a time"
-- key: src_ip, registered_domain
-- why: {src_ip} asked for {registered_domain:defang}, never seen before {seen_ts}, {times} times ({events} questions) until {last_ts}
-- about: The domain is in no log of the name server before. Questions within a minute (A,
--   AAAA, HTTPS, other hosts of a page) count as one time. The house's own domains, those
--   for work and reverse lookups are left out; none is new in the first weeks of the
--   warehouse. Proxies and mail servers ask for what others want: see the proxy's log.
--   Benign: a person reads a site that is new to the house.
--   Next: age and owner of the domain; whether the client reached it.
-- hit: dns-first-seen-domain.hit.log
-- miss: dns-first-seen-domain.miss.log
WITH own AS MATERIALIZED (
    SELECT domain FROM site_mail_domain
    UNION SELECT registered_domain(name) FROM site_controller
    WHERE registered_domain(name) IS NOT NULL
    UNION SELECT domain FROM site_work_domain),
begin AS MATERIALIZED (
    SELECT min(first_ts) AS ts FROM sighting_rollup WHERE table_name = 'dns'),
fresh AS MATERIALIZED (
    SELECT value AS registered_domain, min(first_ts) AS seen FROM sighting_rollup
    WHERE table_name = 'dns' AND observable = 'registered_domain'
      AND value NOT LIKE '%.arpa'
    GROUP BY value
    HAVING min(first_ts) >= :from_ts - :new_days * 86400000000
       AND min(first_ts) >= (SELECT ts FROM begin) + :learn_days * 86400000000
       AND NOT EXISTS (SELECT 1 FROM own WHERE domain_under(value, domain))),
question AS MATERIALIZED (
    SELECT src_ip, registered_domain, ts FROM dns
    WHERE ts >= :from_ts - 7 * 86400000000 AND ts < :to_ts
      AND registered_domain IN (SELECT registered_domain FROM fresh)),
early AS MATERIALIZED (
    SELECT src_ip, registered_domain, ts, seen,
           ts - lag(ts) OVER (PARTITION BY registered_domain, src_ip ORDER BY ts) AS pause
    FROM question JOIN fresh USING (registered_domain)
    WHERE ts < seen + :new_days * 86400000000),
spread AS MATERIALIZED (
    SELECT registered_domain, count(DISTINCT src_ip) AS clients
    FROM early GROUP BY registered_domain HAVING clients <= :max_clients)
SELECT src_ip, registered_domain, clients, seen AS seen_ts,
       1 + total(pause > :pause_s * 1000000) AS times, count(*) AS events,
       min(ts) AS first_ts, max(ts) AS last_ts
FROM early JOIN spread USING (registered_domain)
GROUP BY src_ip, registered_domain
HAVING 1 + total(pause > :pause_s * 1000000) >= :min_times AND max(ts) >= :from_ts
ORDER BY src_ip, registered_domain

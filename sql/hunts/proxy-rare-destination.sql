-- title: A new domain that few clients visit again and again
-- table: proxy
-- needs: proxy.src_ip, proxy.cs_host
-- window: 7d
-- stage: command-and-control, exploitation, delivery
-- attack: v19 T1071.001, T1568
-- level: medium
-- tags: plus
-- param: new_days integer 7 "days for which a domain is new"
-- param: learn_days integer 28 "days of logs before a domain can be new"
-- param: max_clients integer 2 "most clients in the days when it is new"
-- param: min_visits integer 5 "smallest number of visits of a client"
-- param: pause_s integer 20 "seconds without a request that end a visit"
-- key: src_ip, registered_domain
-- why: {src_ip} visited {registered_domain:defang}, never seen before {seen_ts}, {visits} times ({events} requests) until {last_ts}; {clients} clients do
-- about: The domain was in no log of the proxy before. A page draws in many requests at
--   once and counts as one visit here; programs come back. New are the first days of a
--   domain, and none within the first weeks of the warehouse, when all are.
--   Benign: a person reads a site that is new to the house.
--   Next: age and owner of the domain; the pages asked for; whether a mail led there.
-- hit: proxy-rare-destination.hit.log
-- miss: proxy-rare-destination.miss.log
WITH begin AS MATERIALIZED (
    SELECT min(first_ts) AS ts FROM sighting_rollup WHERE table_name = 'proxy'),
fresh AS MATERIALIZED (
    SELECT value AS registered_domain, min(first_ts) AS seen FROM sighting_rollup
    WHERE table_name = 'proxy' AND observable = 'registered_domain'
    GROUP BY value
    HAVING min(first_ts) >= :from_ts - :new_days * 86400000000
       AND min(first_ts) >= (SELECT ts FROM begin) + :learn_days * 86400000000
       AND NOT EXISTS (SELECT 1 FROM site_work_domain WHERE domain_under(value, domain))),
request AS MATERIALIZED (
    SELECT src_ip, registered_domain, ts
    FROM proxy
    WHERE ts >= :from_ts - 7 * 86400000000 AND ts < :to_ts
      AND registered_domain IN (SELECT registered_domain FROM fresh)),
early AS MATERIALIZED (
    SELECT src_ip, registered_domain, ts, seen,
           ts - lag(ts) OVER (PARTITION BY registered_domain, src_ip ORDER BY ts) AS pause
    FROM request JOIN fresh USING (registered_domain)
    WHERE ts < seen + :new_days * 86400000000),
spread AS MATERIALIZED (
    SELECT registered_domain, count(DISTINCT src_ip) AS clients
    FROM early GROUP BY registered_domain HAVING clients <= :max_clients)
SELECT src_ip, registered_domain, clients, seen AS seen_ts,
       1 + total(pause > :pause_s * 1000000) AS visits, count(*) AS events,
       min(ts) AS first_ts, max(ts) AS last_ts
FROM early JOIN spread USING (registered_domain)
GROUP BY src_ip, registered_domain
HAVING 1 + total(pause > :pause_s * 1000000) >= :min_visits AND max(ts) >= :from_ts
ORDER BY src_ip, registered_domain

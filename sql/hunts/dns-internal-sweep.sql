-- title: One client asks for many names of the house
-- table: dns
-- needs: dns.src_ip, dns.query
-- stage: command-and-control, actions-on-objectives
-- attack: v19 T1018
-- level: high
-- tags: core
-- param: min_names integer 50 "different names within ten minutes"
-- key: src_ip
-- why: {src_ip} asked for {names} names of the house within {minutes} minutes, such as {query}, until {last_ts}
-- about: Names below the mail domains and the domains of the controllers in kura.yaml, and
--   reverse lookups of addresses of the house. An intruder looks for servers by
--   name or goes through addresses one by one. Mail servers, resolvers and proxies are
--   left out.
--   Benign: monitoring, inventory, a log server that looks up addresses: allow rules.
--   Next: connections of this client to the machines, at the firewall (scans).
-- hit: dns-internal-sweep.hit.log
-- miss: dns-internal-sweep.miss.log
WITH own AS MATERIALIZED (
    SELECT registered_domain(domain) AS domain FROM site_mail_domain
    UNION SELECT registered_domain(name) FROM site_controller),
name AS MATERIALIZED (
    SELECT src_ip, query, day, hour, min(first_ts) AS first_ts FROM dns_rollup
    WHERE ts >= :from_ts AND ts < :to_ts
      AND registered_domain IN (SELECT domain FROM own WHERE domain IS NOT NULL)
    GROUP BY src_ip, query, day, hour
    UNION ALL
    SELECT src_ip, query, day, hour, min(first_ts) FROM dns_rollup
    WHERE ts >= :from_ts AND ts < :to_ts AND record_type = 'PTR'
      AND query LIKE '%.in-addr.arpa'
    GROUP BY src_ip, query, day, hour
    HAVING is_internal(regexp_extract(query, '^(\d+)\.(\d+)\.(\d+)\.(\d+)\.', 4) || '.'
                       || regexp_extract(query, '^(\d+)\.(\d+)\.(\d+)\.(\d+)\.', 3) || '.'
                       || regexp_extract(query, '^(\d+)\.(\d+)\.(\d+)\.(\d+)\.', 2) || '.'
                       || regexp_extract(query, '^\d+')) = 1),
busy AS MATERIALIZED (
    SELECT src_ip, day, hour FROM name
    GROUP BY src_ip, day, hour HAVING count(*) >= :min_names / 2),
burst AS MATERIALIZED (
    SELECT src_ip, query, first_ts, count(*) OVER span AS names,
           min(first_ts) OVER span AS begun
    FROM name
    WHERE (+src_ip, +day) IN (SELECT src_ip, day FROM busy)
      AND src_ip NOT IN (SELECT address FROM site_mail_server
                         UNION SELECT address FROM site_resolver
                         UNION SELECT address FROM site_proxy)
    WINDOW span AS (PARTITION BY src_ip ORDER BY first_ts
                    RANGE BETWEEN 600000000 PRECEDING AND CURRENT ROW)),
best AS (
    SELECT *, row_number() OVER (PARTITION BY src_ip ORDER BY names DESC, first_ts, query) AS place
    FROM burst WHERE names >= :min_names)
SELECT src_ip, names, 10 AS minutes, query, names AS events,
       begun AS first_ts, first_ts AS last_ts
FROM best WHERE place = 1
ORDER BY src_ip

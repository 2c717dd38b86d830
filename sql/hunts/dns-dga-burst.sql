-- title: Many domains that nobody knows, within an hour
-- table: dns
-- needs: dns.src_ip, dns.query
-- stage: command-and-control
-- attack: v19 T1568.002
-- level: high
-- tags: core
-- param: min_domains integer 20 "new domains by one client within an hour"
-- param: learn_days integer 14 "days of logs before a domain can be new"
-- key: src_ip
-- why: {src_ip} asked for {domains} domains within one hour that no log has before, such as {registered_domain:defang}, until {last_ts}
-- about: Malware that makes up its domains tries them one after the other until one answers.
--   Mail servers, resolvers and proxies (kura.yaml) ask for others and are left out;
--   none is new in the first weeks of the warehouse.
--   Benign: a person who follows many links; a scanner of links. Read the names.
--   Next: the last name of the row may be the one that answered; who connects to it.
-- evidence: dns: src_ip = :src_ip
-- hit: dns-dga-burst.hit.log
-- miss: dns-dga-burst.miss.log
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
    HAVING min(first_ts) >= :from_ts
       AND min(first_ts) >= (SELECT ts FROM begin) + :learn_days * 86400000000
       AND NOT EXISTS (SELECT 1 FROM own WHERE domain_under(value, domain))),
asked AS MATERIALIZED (
    SELECT src_ip, registered_domain, min(first_ts) AS first_ts, sum(events) AS events
    FROM dns_rollup
    WHERE ts >= :from_ts AND ts < :to_ts
      AND registered_domain IN (SELECT registered_domain FROM fresh)
    GROUP BY src_ip, registered_domain),
-- Of each client that asked first: the hour that ends with this domain.
burst AS MATERIALIZED (
    SELECT src_ip, first_ts, count(*) OVER hour AS domains,
           sum(events) OVER hour AS events, min(first_ts) OVER hour AS begun,
           max(registered_domain) OVER hour AS registered_domain
    FROM asked JOIN fresh USING (registered_domain)
    WHERE first_ts = seen
      AND src_ip NOT IN (SELECT address FROM site_mail_server
                         UNION SELECT address FROM site_resolver
                         UNION SELECT address FROM site_proxy)
    WINDOW hour AS (PARTITION BY src_ip ORDER BY first_ts
                    RANGE BETWEEN 3600000000 PRECEDING AND CURRENT ROW)),
best AS (
    SELECT *, row_number() OVER (PARTITION BY src_ip ORDER BY domains DESC, first_ts) AS place
    FROM burst WHERE domains >= :min_domains)
SELECT src_ip, domains, registered_domain, events, begun AS first_ts, first_ts AS last_ts
FROM best WHERE place = 1
ORDER BY src_ip

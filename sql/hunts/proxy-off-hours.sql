-- title: Web access outside working hours
-- table: proxy
-- needs: proxy.src_ip, proxy.cs_host
-- window: 14d
-- stage: command-and-control, exploitation, actions-on-objectives
-- attack: v19 T1071.001, T1029
-- level: medium
-- tags: guide, core
-- reference: JPCERT/CC 2015, 5.3.2
-- param: min_events integer 3 "smallest number of requests"
-- param: max_clients integer 3 "most clients that use the site within two weeks, at any time of day"
-- param: max_hosts integer 6 "a client that visits more sites within the hour is a person who works late"
-- key: src_ip, cs_host
-- why: {src_ip} sent {events} requests to {cs_host:defang} outside working hours in {hours} hours, from {first_ts} to {last_ts}
-- about: Requests outside the hours and on the holidays of kura.yaml, without those in a
--   maintenance window of the client, without sites for work (work_domains), and without
--   sites that more clients use. Somebody who works late visits many sites within an
--   hour; such hours are left out, so an intruder who waits for them is not seen here.
--   Benign: a player or messenger that runs on. Servers with jobs at night: add a
--   maintenance window.
--   Next: was somebody there (door, log-on); the method and the size of the requests.
-- hit: proxy-off-hours.hit.log
-- miss: proxy-off-hours.miss.log
WITH host AS MATERIALIZED (
    SELECT cs_host FROM (
        SELECT cs_host, src_ip FROM proxy_rollup
        WHERE ts >= :from_ts - 14 * 86400000000 AND ts < :to_ts AND cs_host IS NOT NULL
        GROUP BY cs_host, src_ip)
    GROUP BY cs_host HAVING count(*) <= :max_clients),
rare AS MATERIALIZED (
    SELECT cs_host FROM host
    WHERE NOT EXISTS (SELECT 1 FROM site_work_domain
                      WHERE domain_under(cs_host, domain))),
late AS MATERIALIZED (
    SELECT src_ip, cs_host, day, hour, sum(events) AS events,
           min(first_ts) AS first_ts, max(last_ts) AS last_ts
    FROM proxy_rollup
    WHERE ts >= :from_ts AND ts < :to_ts
      AND cs_host IN (SELECT cs_host FROM rare)
    GROUP BY src_ip, cs_host, day, hour
    HAVING business_hours(min(first_ts)) = 0
       AND business_hours(max(last_ts)) = 0
       AND in_maintenance(min(first_ts), src_ip) = 0),
-- Who was there: all sites of those hours.
busy AS MATERIALIZED (
    SELECT src_ip, day, hour FROM (
        SELECT src_ip, day, hour, cs_host FROM proxy_rollup
        WHERE ts >= :from_ts AND ts < :to_ts
          AND src_ip IN (SELECT src_ip FROM late)
          AND day IN (SELECT day FROM late)
        GROUP BY src_ip, day, hour, cs_host)
    GROUP BY src_ip, day, hour HAVING count(*) > :max_hosts)
SELECT src_ip, cs_host, count(*) AS hours, sum(events) AS events,
       min(first_ts) AS first_ts, max(last_ts) AS last_ts
FROM late
WHERE (src_ip, day, hour) NOT IN (SELECT src_ip, day, hour FROM busy)
GROUP BY src_ip, cs_host
HAVING sum(events) >= :min_events
ORDER BY src_ip, cs_host

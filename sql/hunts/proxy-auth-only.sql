-- title: Asks again and again and is never let through
-- table: proxy
-- needs: proxy.sc_status, proxy.cs_host
-- window: 7d
-- stage: command-and-control, exploitation
-- attack: v19 T1071.001, T1090
-- level: high
-- tags: core
-- param: min_events integer 10 "smallest number of requests"
-- param: min_hours integer 3 "smallest number of different hours"
-- param: max_clients integer 3 "most clients that ask for the host"
-- key: src_ip, cs_host
-- why: {src_ip} asked {events} times in {hours} hours for {cs_host:defang} and got nothing but {statuses}, from {first_ts} to {last_ts}
-- about: A browser that is asked for a password (407) gives it and goes on; software that
--   does not know the proxy's password never does, and a page that is forbidden (403)
--   is not asked for all day. Malware that found the proxy but has no credentials
--   looks like this: nothing got out, and the machine is infected all the same.
--   Benign: updaters without proxy settings, sites that are blocked for all (many clients).
--   Next: which program asks; whether it got through another way, at the firewall.
-- hit: proxy-auth-only.hit.log
-- miss: proxy-auth-only.miss.log
WITH host AS MATERIALIZED (
    SELECT cs_host FROM (
        SELECT cs_host, src_ip FROM proxy_rollup
        WHERE ts >= :from_ts - 7 * 86400000000 AND ts < :to_ts
          AND cs_host IS NOT NULL
        GROUP BY cs_host, src_ip)
    GROUP BY cs_host HAVING count(*) <= :max_clients),
answer AS MATERIALIZED (
    SELECT src_ip, cs_host, sc_status, day, hour, sum(events) AS events,
           min(first_ts) AS first_ts, max(last_ts) AS last_ts
    FROM proxy_rollup
    WHERE ts >= :from_ts - 7 * 86400000000 AND ts < :to_ts
      AND cs_host IN (SELECT cs_host FROM host)
    GROUP BY src_ip, cs_host, sc_status, day, hour)
SELECT src_ip, cs_host, group_concat(DISTINCT sc_status) AS statuses,
       count(DISTINCT day || hour) AS hours, sum(events) AS events,
       min(first_ts) AS first_ts, max(last_ts) AS last_ts
FROM answer
GROUP BY src_ip, cs_host
HAVING min(sc_status IN (403, 407)) = 1 AND sum(events) >= :min_events
   AND count(DISTINCT day || hour) >= :min_hours AND max(last_ts) >= :from_ts
ORDER BY src_ip, cs_host

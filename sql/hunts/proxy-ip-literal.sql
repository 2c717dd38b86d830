-- title: An address instead of a name
-- table: proxy
-- needs: proxy.src_ip, proxy.cs_host
-- window: 14d
-- stage: command-and-control, exploitation, delivery
-- attack: v19 T1071.001
-- level: medium
-- tags: core
-- param: min_events integer 3 "smallest number of requests"
-- param: max_clients integer 5 "most clients that use the address"
-- key: src_ip, cs_host
-- why: {src_ip} asked {events} times for the address {cs_host:defang} by {methods}, {received:size} received, from {first_ts} to {last_ts}
-- about: Web sites have names. Malware that brings the address of its server needs no DNS
--   and leaves nothing in the log of the name server. Addresses of the house are left out.
--   Benign: meeting software and games (many clients), appliances with a page of their own.
--   Next: whose address it is; the same address at the firewall; what was fetched.
-- hit: proxy-ip-literal.hit.log
-- miss: proxy-ip-literal.miss.log
WITH address AS MATERIALIZED (
    SELECT cs_host FROM proxy_rollup
    WHERE ts >= :from_ts AND ts < :to_ts
      AND registered_domain IS NULL AND cs_host IS NOT NULL
    GROUP BY cs_host
    HAVING is_ip(cs_host) = 1 AND is_internal(cs_host) IS NOT 1),
used AS MATERIALIZED (
    SELECT src_ip, cs_host, cs_method, sum(events) AS events,
           sum(sum_sc_bytes) AS received,
           min(first_ts) AS first_ts, max(last_ts) AS last_ts
    FROM proxy_rollup
    WHERE ts >= :from_ts AND ts < :to_ts
      AND cs_host IN (SELECT cs_host FROM address)
    GROUP BY src_ip, cs_host, cs_method)
SELECT src_ip, cs_host, group_concat(DISTINCT cs_method) AS methods,
       coalesce(sum(received), 0) AS received, sum(events) AS events,
       min(first_ts) AS first_ts, max(last_ts) AS last_ts
FROM used
WHERE cs_host IN (SELECT cs_host FROM (
                      SELECT cs_host, src_ip FROM proxy_rollup
                      WHERE ts >= :from_ts - 14 * 86400000000 AND ts < :to_ts
                        AND cs_host IN (SELECT cs_host FROM used)
                      GROUP BY cs_host, src_ip)
                  GROUP BY cs_host HAVING count(*) <= :max_clients)
GROUP BY src_ip, cs_host HAVING sum(events) >= :min_events
ORDER BY src_ip, cs_host

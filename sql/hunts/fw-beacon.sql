-- title: Refused by the clock
-- table: firewall
-- needs: firewall.src_ip, firewall.dst_ip, firewall.action
-- window: 7d
-- stage: command-and-control
-- attack: v19 T1071, T1008, T1571
-- level: high
-- tags: core
-- param: min_score real 0.7 "smallest beacon_score, 0 to 1"
-- param: min_events integer 12 "smallest number of refusals"
-- param: max_events integer 50000 "pairs with more are no beacon but a flood"
-- param: max_clients integer 5 "largest number of machines that ask for the same"
-- key: src_ip, dst_ip, dst_port
-- why: {src_ip} was refused on the way to {dst_ip:defang}:{dst_port} every {period_s:duration} (score {score}, {events} times, jitter {jitter}), {clients} machine(s) ask for it
-- about: A program calls home by the clock and the firewall does not let it: the
--   malware is there, only its call fails, and it may have another way. The score
--   is that of beacon_score. Destinations that many machines ask for are software
--   of the house and left out. Benign: a licence or time server that is no longer
--   allowed. Next: which program, and did it find another way (proxy, DNS)?
-- hit: fw-beacon.hit.log
-- miss: fw-beacon.miss.log
WITH pair AS MATERIALIZED (
    SELECT src_ip, dst_ip, dst_port, sum(events) AS events, max(last_ts) AS last_ts
    FROM firewall_rollup
    WHERE ts < :to_ts AND blocked = 'true' AND src_internal = 1 AND dst_internal = 0
    GROUP BY src_ip, dst_ip, dst_port
), service AS MATERIALIZED (
    SELECT dst_ip, dst_port, count(DISTINCT src_ip) AS clients
    FROM pair
    GROUP BY dst_ip, dst_port
), candidate AS MATERIALIZED (
    SELECT p.src_ip, p.dst_ip, p.dst_port, s.clients
    FROM pair AS p JOIN service AS s ON s.dst_ip = p.dst_ip AND s.dst_port IS p.dst_port
    WHERE p.events BETWEEN :min_events AND :max_events AND p.last_ts >= :from_ts
      AND s.clients <= :max_clients
), event AS MATERIALIZED (
    SELECT src_ip, dst_ip, dst_port, ts
    FROM firewall
    WHERE ts < :to_ts AND blocked = 'true'
      AND src_ip IN (SELECT src_ip FROM candidate)
      AND dst_ip IN (SELECT dst_ip FROM candidate)
), scored AS MATERIALIZED (
    SELECT c.src_ip, c.dst_ip, c.dst_port, c.clients, count(*) AS events,
           beacon_score(e.ts, NULL) AS beacon, min(e.ts) AS first_ts, max(e.ts) AS last_ts
    FROM candidate AS c
    JOIN event AS e ON e.src_ip = c.src_ip AND e.dst_ip = c.dst_ip
                   AND e.dst_port IS c.dst_port
    GROUP BY c.src_ip, c.dst_ip, c.dst_port
)
SELECT src_ip, dst_ip, dst_port, clients, events, round(beacon ->> 'score', 2) AS score,
       CAST(beacon ->> 'period_s' AS INTEGER) AS period_s,
       round(beacon ->> 'jitter', 2) AS jitter, first_ts, last_ts
FROM scored
WHERE beacon ->> 'score' >= :min_score
ORDER BY src_ip, dst_ip, dst_port

-- title: One port of many machines
-- table: firewall
-- needs: firewall.src_ip, firewall.dst_ip, firewall.dst_port
-- window: 28d
-- stage: command-and-control
-- attack: v19 T1046, T1018
-- level: high
-- tags: core
-- param: min_targets integer 50 "smallest number of machines of the house within an hour"
-- param: known_days integer 3 "a source that did so on so many of the 28 days before is known for it"
-- key: src_ip, dst_port
-- why: {src_ip} went to port {dst_port} of {targets} machines within an hour from {first_ts}, {refused} time(s) refused
-- evidence: firewall: src_ip = :src_ip AND dst_port IS :dst_port AND dst_internal = 1
-- about: A machine of the house asks for one service all around: malware looks for
--   others to infect, or somebody for shares and desktops. Allowed and refused
--   sessions count alike. A source that does it every week (monitoring, inventory)
--   is known. Benign: a new inventory program, a vulnerability scan that was
--   announced. Next: take the machine off the network, then see which targets
--   answered (permitted, bytes received).
-- hit: fw-horizontal-scan.hit.log
-- miss: fw-horizontal-scan.miss.log
WITH wide AS MATERIALIZED (
    SELECT src_ip, dst_port
    FROM firewall_rollup
    WHERE ts < :to_ts AND src_internal = 1 AND dst_internal = 1 AND dst_port IS NOT NULL
    GROUP BY src_ip, dst_port
    HAVING count(DISTINCT dst_ip) >= :min_targets
), event AS MATERIALIZED (
    -- An hour may begin at any half hour, so that none is cut in two.
    SELECT f.src_ip, f.dst_port, f.dst_ip, f.blocked, f.day, f.ts,
           f.ts / 1800000000 AS half
    FROM firewall AS f
    WHERE f.dst_internal = 1
      AND f.src_ip IN (SELECT src_ip FROM wide) AND f.dst_port IN (SELECT dst_port FROM wide)
      AND (f.src_ip, f.dst_port) IN (SELECT src_ip, dst_port FROM wide)
), hour AS MATERIALIZED (
    SELECT src_ip, dst_port, half - o.k AS half, min(day) AS day,
           count(DISTINCT dst_ip) AS targets, count(*) AS events,
           sum(blocked = 'true') AS refused, min(ts) AS first_ts, max(ts) AS last_ts
    FROM event CROSS JOIN (SELECT 0 AS k UNION ALL SELECT 1) AS o
    GROUP BY src_ip, dst_port, half - o.k
    HAVING count(DISTINCT dst_ip) >= :min_targets
), scan AS MATERIALIZED (
    SELECT DISTINCT src_ip, dst_port, julianday(day) AS date FROM hour
), known AS MATERIALIZED (
    SELECT a.src_ip, a.dst_port, a.date
    FROM scan AS a
    JOIN scan AS p ON p.src_ip = a.src_ip AND p.dst_port = a.dst_port
                  AND p.date < a.date AND p.date >= a.date - 28
    GROUP BY a.src_ip, a.dst_port, a.date
    HAVING count(*) >= :known_days
)
SELECT h.src_ip, h.dst_port, max(h.targets) AS targets, max(h.events) AS events,
       max(h.refused) AS refused, min(h.first_ts) AS first_ts, max(h.last_ts) AS last_ts
FROM hour AS h
LEFT JOIN known AS k ON k.src_ip = h.src_ip AND k.dst_port = h.dst_port
                    AND k.date = julianday(h.day)
WHERE k.date IS NULL AND h.last_ts >= :from_ts
GROUP BY h.src_ip, h.dst_port
ORDER BY h.src_ip, h.dst_port

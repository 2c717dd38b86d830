-- title: A way between two machines that nobody took before
-- table: firewall
-- needs: firewall.src_ip, firewall.dst_port, firewall.action
-- window: 30d
-- stage: command-and-control
-- attack: v19 T1021
-- level: medium
-- tags: plus
-- param: max_clients integer 2 "a service of a machine that more sources used is there for everybody"
-- param: learn_days integer 7 "days of logs that there must be before, less than the window"
-- key: src_ip, dst_ip, dst_port
-- why: {src_ip} reached {dst_ip}:{dst_port} for the first time in 30 days; {clients} machine(s) use that service
-- evidence: firewall: src_ip = :src_ip AND dst_ip = :dst_ip AND dst_port = :dst_port AND blocked = 'false'
-- about: Remote desktop, shells, shares and management between machines of the house
--   follow habits; a new pair is either a new task or somebody else. Services that
--   several sources use (file servers) are left out. Benign: a new administrator's
--   machine, a new server. Next: was the account's owner at that machine.
-- hit: fw-first-seen-pair.hit.log
-- miss: fw-first-seen-pair.miss.log
WITH pair_day AS MATERIALIZED (
    SELECT src_ip, dst_ip, dst_port, day, julianday(day) AS date,
           sum(events) AS events, min(first_ts) AS first_ts, max(last_ts) AS last_ts
    FROM firewall_rollup
    WHERE ts < :to_ts
      AND src_internal = 1 AND dst_internal = 1 AND blocked = 'false'
      AND dst_port IN (22, 23, 135, 139, 445, 1433, 3389, 5900, 5985, 5986)
    GROUP BY src_ip, dst_ip, dst_port, day
), service AS MATERIALIZED (
    SELECT dst_ip, dst_port, count(DISTINCT src_ip) AS clients
    FROM pair_day
    GROUP BY dst_ip, dst_port
), since AS (
    SELECT *, lag(date) OVER (PARTITION BY src_ip, dst_ip, dst_port ORDER BY date) AS before
    FROM pair_day
)
SELECT p.src_ip, p.dst_ip, p.dst_port, s.clients, sum(p.events) AS events,
       min(p.first_ts) AS first_ts, max(p.last_ts) AS last_ts
FROM since AS p
JOIN service AS s ON s.dst_ip = p.dst_ip AND s.dst_port = p.dst_port
WHERE p.last_ts >= :from_ts AND (p.before IS NULL OR p.before < p.date - 30)
  AND s.clients <= :max_clients
  AND p.first_ts >= :learn_days * 86400000000
      + (SELECT min(first_ts) FROM firewall_rollup)
GROUP BY p.src_ip, p.dst_ip, p.dst_port
ORDER BY p.src_ip, p.dst_ip, p.dst_port

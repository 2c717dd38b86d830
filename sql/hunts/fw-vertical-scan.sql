-- title: Many ports of one machine
-- table: firewall
-- needs: firewall.src_ip, firewall.dst_ip, firewall.src_port, firewall.dst_port
-- stage: command-and-control
-- attack: v19 T1046
-- level: medium
-- tags: core
-- param: min_ports integer 100 "smallest number of ports within an hour"
-- key: src_ip, dst_ip
-- why: {src_ip} went to {ports} ports of {dst_ip:defang} within an hour from {first_ts}, {refused} time(s) refused
-- about: Somebody asks a machine what it offers. Sources are machines of the house,
--   targets any. Only sessions from a high source port count: a server whose late
--   answers are refused looks like a scan the wrong way round. Benign: an announced
--   vulnerability scan, file transfer with a port each, backup agents. Next: who
--   sits at the source, and which ports let through (fw-probe-then-pass).
-- hit: fw-vertical-scan.hit.log
-- miss: fw-vertical-scan.miss.log
WITH deep AS MATERIALIZED (
    SELECT src_ip, dst_ip
    FROM firewall_rollup
    WHERE ts >= :from_ts AND ts < :to_ts AND src_internal = 1 AND dst_port IS NOT NULL
    GROUP BY src_ip, dst_ip
    HAVING count(DISTINCT dst_port) >= :min_ports
), event AS MATERIALIZED (
    SELECT f.src_ip, f.dst_ip, f.dst_port, f.blocked, f.ts, f.ts / 1800000000 AS half
    FROM firewall AS f
    WHERE f.ts >= :from_ts AND f.ts < :to_ts AND f.src_port >= 1024
      AND f.src_ip IN (SELECT src_ip FROM deep) AND f.dst_ip IN (SELECT dst_ip FROM deep)
      AND (f.src_ip, f.dst_ip) IN (SELECT src_ip, dst_ip FROM deep)
), hour AS (
    -- An hour may begin at any half hour, so that none is cut in two.
    SELECT src_ip, dst_ip, count(DISTINCT dst_port) AS ports, count(*) AS events,
           sum(blocked = 'true') AS refused, min(ts) AS first_ts, max(ts) AS last_ts
    FROM event CROSS JOIN (SELECT 0 AS k UNION ALL SELECT 1) AS o
    GROUP BY src_ip, dst_ip, half - o.k
    HAVING count(DISTINCT dst_port) >= :min_ports
)
SELECT src_ip, dst_ip, max(ports) AS ports, max(events) AS events,
       max(refused) AS refused, min(first_ts) AS first_ts, max(last_ts) AS last_ts
FROM hour
GROUP BY src_ip, dst_ip
ORDER BY src_ip, dst_ip

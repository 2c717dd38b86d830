-- title: Ports tried until one let through
-- table: firewall
-- needs: firewall.src_ip, firewall.dst_port, firewall.action
-- window: 1d
-- stage: command-and-control
-- attack: v19 T1046, T1571
-- level: high
-- tags: core
-- param: min_ports integer 10 "smallest number of refused ports of one machine"
-- param: within_minutes integer 10 "the session comes so soon after"
-- key: src_ip, dst_ip, dst_port
-- why: {src_ip} was refused on {ports} ports of {dst_ip:defang}, then port {dst_port} let it through
-- evidence: firewall: src_ip = :src_ip AND dst_ip = :dst_ip
-- about: Somebody looks for a way through the firewall and finds one: malware that
--   goes through a list of ports, or a person. Source is a machine of the house;
--   strangers who probe from outside are the noise of the Internet. Benign: a
--   program with a list of ports (some conferencing does), a test of the rules.
--   Next: what was sent over the port that let through, and close it.
-- hit: fw-probe-then-pass.hit.log
-- miss: fw-probe-then-pass.miss.log
WITH prober AS MATERIALIZED (
    SELECT src_ip, dst_ip
    FROM firewall_rollup
    WHERE blocked = 'true' AND src_internal = 1
    GROUP BY src_ip, dst_ip
    HAVING count(DISTINCT dst_port) >= :min_ports
), event AS MATERIALIZED (
    -- One a port and minute, so that a flood stays small.
    SELECT f.src_ip, f.dst_ip, f.dst_port, f.blocked, min(f.ts) AS ts,
           max(f.ts) AS last_ts, sum(f.bytes_sent) AS bytes_sent
    FROM firewall AS f
    WHERE f.src_ip IN (SELECT src_ip FROM prober)
      AND f.dst_ip IN (SELECT dst_ip FROM prober)
      AND (f.src_ip, f.dst_ip) IN (SELECT src_ip, dst_ip FROM prober)
    GROUP BY f.src_ip, f.dst_ip, f.dst_port, f.blocked, f.ts / 60000000
), refused AS MATERIALIZED (
    SELECT src_ip, dst_ip, dst_port, ts, last_ts FROM event WHERE blocked = 'true'
), judged AS (
    SELECT p.src_ip, p.dst_ip, p.dst_port, p.ts, p.bytes_sent,
           count(DISTINCT r.dst_port) AS ports, min(r.ts) AS first_ts
    FROM event AS p
    JOIN refused AS r ON r.src_ip = p.src_ip AND r.dst_ip = p.dst_ip AND r.ts <= p.ts
                     AND r.last_ts >= p.ts - :within_minutes * 60000000
    WHERE p.blocked = 'false' AND p.ts >= :from_ts
    GROUP BY p.src_ip, p.dst_ip, p.dst_port, p.ts
    HAVING count(DISTINCT r.dst_port) >= :min_ports
)
SELECT src_ip, dst_ip, dst_port, max(ports) AS ports, sum(bytes_sent) AS bytes_sent,
       min(first_ts) AS first_ts, max(ts) AS last_ts
FROM judged
GROUP BY src_ip, dst_ip, dst_port
ORDER BY src_ip, dst_ip, dst_port

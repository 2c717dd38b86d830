-- title: Refused between segments
-- table: firewall
-- needs: firewall.src_ip, firewall.dst_ip, firewall.action
-- stage: command-and-control
-- attack: v19 T1046, T1018, T1021, T1210
-- level: high
-- tags: guide, core
-- reference: JPCERT/CC 2015, 5.2.1
-- param: min_events integer 10 "smallest number of refusals on one port in a day"
-- param: min_targets integer 3 "or so many machines asked in a day"
-- key: src_ip, dst_port
-- why: {src_ip} ({src_network}) was refused {events} times on port {dst_port} of {targets} machine(s) in other segments, such as {dst_ip}
-- evidence: firewall: src_ip = :src_ip AND dst_port IS :dst_port AND dst_internal = 1 AND blocked = 'true'
-- about: A machine that tries others of the house across segments, where it may
--   not: malware that spreads, or somebody who looks around. One refusal at a
--   printer is none. Segments are the site's networks, and where an address is in
--   none, the firewall's zones. Benign: a monitoring or inventory program, a
--   machine that moved and kept its printers; answers of a server that come too
--   late have its service as source port. Next: what else did the source do
--   that day, and which of the machines did answer on other paths.
-- hit: fw-denied-lateral.hit.log
-- miss: fw-denied-lateral.miss.log
WITH crossing AS MATERIALIZED (
    SELECT src_ip, dst_ip, dst_port, day, sum(events) AS events,
           min(first_ts) AS first_ts, max(last_ts) AS last_ts
    FROM firewall_rollup
    WHERE ts >= :from_ts AND ts < :to_ts
      AND blocked = 'true' AND src_internal = 1 AND dst_internal = 1
      AND CASE WHEN network_of(src_ip) IS NULL OR network_of(dst_ip) IS NULL
               THEN src_zone IS NOT dst_zone
               ELSE network_of(src_ip) <> network_of(dst_ip) END
    GROUP BY src_ip, dst_ip, dst_port, day
), busy AS MATERIALIZED (
    SELECT src_ip, dst_port, day
    FROM crossing
    GROUP BY src_ip, dst_port, day
    HAVING sum(events) >= :min_events OR count(DISTINCT dst_ip) >= :min_targets
)
SELECT c.src_ip, c.dst_port, coalesce(network_of(c.src_ip), 'no network of the site') AS src_network,
       min(c.dst_ip) AS dst_ip, count(DISTINCT c.dst_ip) AS targets,
       sum(c.events) AS events, count(DISTINCT c.day) AS days,
       min(c.first_ts) AS first_ts, max(c.last_ts) AS last_ts
FROM busy AS b
JOIN crossing AS c ON c.src_ip = b.src_ip AND c.dst_port IS b.dst_port AND c.day = b.day
GROUP BY c.src_ip, c.dst_port
ORDER BY c.src_ip, c.dst_port

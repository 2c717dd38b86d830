-- title: A port outside that hardly anybody uses
-- table: firewall
-- needs: firewall.src_ip, firewall.dst_port, firewall.action
-- window: 30d
-- stage: command-and-control
-- attack: v19 T1571, T1095
-- level: medium
-- tags: core
-- param: max_clients integer 3 "largest number of sources that use the port"
-- param: min_events integer 3 "smallest number of sessions with one destination"
-- param: exempt_zones text 'guest' "zones that may do as they like"
-- key: src_ip, dst_ip, dst_port
-- why: {src_ip} had {events} session(s) with {dst_ip:defang} on port {dst_port}, which {clients} machine(s) of the house use; {bytes_sent:size} sent
-- about: The firewall let it through, and nobody else needs that port: a program
--   that talks home, a tunnel, or a rule that is wider than it should be. Benign:
--   a service that one department uses; allow it by destination. Next: what runs
--   on the machine, what do we know of the destination, and narrow the rule.
-- hit: fw-rare-port.hit.log
-- miss: fw-rare-port.miss.log
WITH outward AS MATERIALIZED (
    SELECT src_ip, dst_ip, dst_port, proto, day, events, sum_bytes_sent, first_ts, last_ts
    FROM firewall_rollup
    WHERE ts < :to_ts
      AND src_internal = 1 AND dst_internal = 0 AND blocked = 'false'
      AND dst_port IS NOT NULL
      AND dst_port NOT IN (25, 53, 80, 123, 443, 465, 587, 993, 995)
      AND instr(' ' || :exempt_zones || ' ',
                ' ' || coalesce(zone_of(src_ip), '?') || ' ') = 0
), rare AS MATERIALIZED (
    SELECT proto, dst_port, count(DISTINCT src_ip) AS clients
    FROM outward
    GROUP BY proto, dst_port
    HAVING count(DISTINCT src_ip) <= :max_clients
)
SELECT o.src_ip, o.dst_ip, o.dst_port, r.clients, sum(o.events) AS events,
       sum(o.sum_bytes_sent) AS bytes_sent, min(o.first_ts) AS first_ts,
       max(o.last_ts) AS last_ts
FROM outward AS o JOIN rare AS r ON r.proto IS o.proto AND r.dst_port = o.dst_port
WHERE o.last_ts >= :from_ts
GROUP BY o.src_ip, o.dst_ip, o.dst_port
HAVING sum(o.events) >= :min_events
ORDER BY o.src_ip, o.dst_ip, o.dst_port

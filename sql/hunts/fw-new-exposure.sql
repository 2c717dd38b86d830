-- title: A service newly open to the Internet
-- table: firewall
-- needs: firewall.dst_ip, firewall.dst_port, firewall.action, firewall.bytes_rcvd
-- window: 90d
-- stage: delivery, exploitation
-- attack: v19 T1190, T1133
-- level: high
-- tags: core
-- param: learn_days integer 14 "days of logs that there must be before, less than the window"
-- key: dst_ip, dst_port
-- why: {dst_ip}:{dst_port} answered {clients} address(es) of the Internet, such as {src_ip:defang}, for the first time in 90 days
-- evidence: firewall: dst_ip = :dst_ip AND dst_port IS :dst_port AND src_internal = 0 AND blocked = 'false'
-- about: The firewall let strangers in to a port where nobody came in before, and the
--   machine answered: a rule for a test that stayed, a device that opened itself,
--   or a way in that somebody made. Benign: a new service that was announced. Next:
--   who asked for the rule, and who has come in since.
-- hit: fw-new-exposure.hit.log
-- miss: fw-new-exposure.miss.log
WITH open_day AS MATERIALIZED (
    SELECT dst_ip, dst_port, proto, day, julianday(day) AS date, sum(events) AS events,
           min(first_ts) AS first_ts, max(last_ts) AS last_ts
    FROM (SELECT dst_ip, dst_port, proto, day, events, first_ts, last_ts, sum_bytes_rcvd
          FROM firewall_rollup
          WHERE ts < :to_ts AND src_internal = 0 AND blocked = 'false'
            AND dst_port IS NOT NULL
            AND (dst_internal = 1 OR is_internal(nat_dst_ip) = 1))
    WHERE sum_bytes_rcvd > 0
    GROUP BY dst_ip, dst_port, proto, day
), since AS (
    SELECT *, lag(date) OVER (PARTITION BY dst_ip, dst_port, proto ORDER BY date) AS before
    FROM open_day
), fresh AS MATERIALIZED (
    SELECT dst_ip, dst_port, sum(events) AS events, min(first_ts) AS first_ts,
           max(last_ts) AS last_ts
    FROM since
    WHERE last_ts >= :from_ts AND (before IS NULL OR before < date - 90)
      AND first_ts >= :learn_days * 86400000000
          + (SELECT min(first_ts) FROM firewall_rollup)
    GROUP BY dst_ip, dst_port
), client AS MATERIALIZED (
    SELECT c.dst_ip, c.dst_port, count(DISTINCT c.src_ip) AS clients, min(c.src_ip) AS src_ip
    FROM (SELECT dst_ip, dst_port, src_ip FROM firewall_rollup
          WHERE ts >= :from_ts AND ts < :to_ts AND src_internal = 0 AND blocked = 'false'
            AND dst_ip IN (SELECT dst_ip FROM fresh)
            AND dst_port IN (SELECT dst_port FROM fresh)) AS c
    GROUP BY c.dst_ip, c.dst_port
)
SELECT f.dst_ip, f.dst_port, c.src_ip, c.clients, f.events, f.first_ts, f.last_ts
FROM fresh AS f
LEFT JOIN client AS c ON c.dst_ip = f.dst_ip AND c.dst_port = f.dst_port
ORDER BY f.dst_ip, f.dst_port

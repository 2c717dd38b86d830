-- title: Refused on the way out
-- table: firewall
-- needs: firewall.src_ip, firewall.dst_ip, firewall.action
-- window: 6d
-- stage: exploitation, command-and-control, actions-on-objectives
-- attack: v19 T1071, T1571
-- level: high
-- tags: guide, core
-- reference: JPCERT/CC 2015, 5.2.1
-- param: min_events integer 10 "smallest number of refusals to one destination in a day"
-- param: min_days integer 3 "or a refusal on so many days of a week"
-- key: src_ip, dst_ip, dst_port
-- why: {src_ip} was refused {events} times on {days} day(s) on the way to {dst_ip:defang}:{dst_port}, from {first_ts} to {last_ts}
-- about: A machine that tries to reach the Internet past the proxy again and again.
--   Malware that does not know of the proxy looks like this, whether it calls
--   every minute or once a day. Benign: software with an updater of its own, a
--   server whose answers come after the firewall forgot the session (source
--   port 80 or 443); name it in an allow rule. Next: which program opens the
--   connection, since when, who else asks for that address (fw-beacon, DNS).
-- hit: fw-denied-outbound.hit.log
-- miss: fw-denied-outbound.miss.log
WITH daily AS MATERIALIZED (
    SELECT src_ip, dst_ip, dst_port, day, sum(events) AS events,
           min(first_ts) AS first_ts, max(last_ts) AS last_ts
    FROM firewall_rollup
    WHERE ts < :to_ts
      AND blocked = 'true' AND src_internal = 1 AND dst_internal = 0
    GROUP BY src_ip, dst_ip, dst_port, day
), judged AS (
    -- Whatever the range, a day is judged with the six before it.
    SELECT *, count(*) OVER (PARTITION BY src_ip, dst_ip, dst_port
                             ORDER BY julianday(day)
                             RANGE BETWEEN 6 PRECEDING AND CURRENT ROW) AS week
    FROM daily
)
SELECT src_ip, dst_ip, dst_port, sum(events) AS events, count(*) AS days,
       min(first_ts) AS first_ts, max(last_ts) AS last_ts
FROM judged
GROUP BY src_ip, dst_ip, dst_port
HAVING sum(last_ts >= :from_ts AND (events >= :min_events OR week >= :min_days)) > 0
ORDER BY src_ip, dst_ip, dst_port

-- title: More refusals in a day than ever
-- table: firewall
-- needs: firewall.src_ip, firewall.action
-- window: 28d
-- stage: command-and-control, exploitation
-- attack: v19 T1046, T1071
-- level: medium
-- tags: guide, core
-- reference: JPCERT/CC 2015, 4.3
-- param: min_events integer 100 "refusals in a day from which a machine is looked at"
-- param: deviations real 6 "so many deviations (scaled MAD) above the machine's own median"
-- param: times real 3 "and so many times that median"
-- param: learn_days integer 7 "days of logs that there must be before, less than the window"
-- key: src_ip, day
-- why: {src_ip} was refused {events} times on {day} at {destinations} address(es) and {ports} port(s), {usual} times on its median day
-- evidence: firewall: src_ip = :src_ip AND blocked = 'true'
-- about: The firewall's refusals by source: a machine of the house that all at once
--   runs against the rules looks for a way out or for others. It is compared with
--   its own four weeks (days without refusals count as zero). Benign: a rule that
--   was changed, a service that was moved, a newly installed program. Many ports:
--   see fw-vertical-scan; many addresses: fw-horizontal-scan; one address:
--   fw-denied-outbound and fw-beacon.
-- hit: fw-drop-count.hit.log
-- miss: fw-drop-count.miss.log
WITH daily AS MATERIALIZED (
    SELECT src_ip, day, julianday(day) AS date, sum(events) AS events,
           min(first_ts) AS first_ts, max(last_ts) AS last_ts
    FROM firewall_rollup
    WHERE src_internal = 1 AND blocked = 'true'
    GROUP BY src_ip, day
), log_day AS MATERIALIZED (
    SELECT DISTINCT julianday(day) AS date FROM firewall_rollup
), candidate AS MATERIALIZED (
    SELECT * FROM daily WHERE last_ts >= :from_ts AND events >= :min_events
), usual AS MATERIALIZED (
    SELECT c.src_ip, c.day, count(*) AS days,
           median(coalesce(d.events, 0)) AS usual,
           mad(coalesce(d.events, 0)) AS spread
    FROM candidate AS c
    JOIN log_day AS l ON l.date < c.date AND l.date >= c.date - 28
    LEFT JOIN daily AS d ON d.src_ip = c.src_ip AND d.date = l.date
    GROUP BY c.src_ip, c.day
), odd AS MATERIALIZED (
    SELECT c.*, CAST(u.usual AS INTEGER) AS usual
    FROM candidate AS c
    JOIN usual AS u ON u.src_ip = c.src_ip AND u.day = c.day
    WHERE u.days >= :learn_days AND c.events >= :times * u.usual
      AND c.events > u.usual + :deviations * 1.4826 * u.spread
), spread AS MATERIALIZED (
    SELECT src_ip, day, count(DISTINCT dst_ip) AS destinations,
           count(DISTINCT dst_port) AS ports
    FROM firewall_rollup
    WHERE src_internal = 1 AND blocked = 'true'
      AND src_ip IN (SELECT src_ip FROM odd) AND day IN (SELECT day FROM odd)
    GROUP BY src_ip, day
)
SELECT o.src_ip, o.day, o.events, o.usual, s.destinations, s.ports, o.first_ts,
       o.last_ts
FROM odd AS o JOIN spread AS s ON s.src_ip = o.src_ip AND s.day = o.day
ORDER BY o.src_ip, o.day

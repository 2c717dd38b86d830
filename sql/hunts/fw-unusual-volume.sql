-- title: More bytes in a day than ever
-- table: firewall
-- needs: firewall.src_ip, firewall.bytes_sent
-- window: 28d
-- stage: actions-on-objectives, command-and-control
-- attack: v19 T1030, T1041, T1048, T1039
-- level: medium
-- tags: guide, core
-- reference: JPCERT/CC 2015, 4.3
-- param: min_inside integer 2000000000 "bytes in a day with machines of the house from which a machine is looked at"
-- param: min_outside integer 500000000 "bytes in a day with the outside from which a machine is looked at"
-- param: deviations real 6 "so many deviations (scaled MAD) above the machine's own median"
-- param: times real 3 "and so many times that median"
-- param: learn_days integer 7 "days of logs that there must be before, less than the window"
-- key: src_ip, direction, day
-- why: {src_ip} moved {bytes:size} with {direction} on {day} ({bytes_sent:size} sent), {usual:size} on its median day; most of it with {dst_ip}
-- evidence: firewall: src_ip = :src_ip AND dst_ip IS :dst_ip
-- about: Data that is gathered, or that leaves: a day that is far above the
--   machine's own days of the four weeks before (days without traffic count as
--   zero), both directions of its sessions together. Benign: a new machine that is
--   set up, a move of data, large downloads. Next: with whom (the largest one is
--   named), and is the destination a place where the data belongs.
-- hit: fw-unusual-volume.hit.log
-- miss: fw-unusual-volume.miss.log
WITH daily AS MATERIALIZED (
    SELECT src_ip, dst_internal, day, julianday(day) AS date,
           sum(sum_bytes_sent) AS bytes_sent,
           sum(coalesce(sum_bytes_sent, 0) + coalesce(sum_bytes_rcvd, 0)) AS bytes,
           sum(events) AS events, min(first_ts) AS first_ts, max(last_ts) AS last_ts
    FROM firewall_rollup
    WHERE src_internal = 1 AND dst_internal IS NOT NULL AND blocked = 'false'
    GROUP BY src_ip, dst_internal, day
), log_day AS MATERIALIZED (
    SELECT DISTINCT date FROM daily
), candidate AS MATERIALIZED (
    SELECT * FROM daily
    WHERE last_ts >= :from_ts
      AND bytes >= CASE dst_internal WHEN 1 THEN :min_inside ELSE :min_outside END
), past AS (
    SELECT c.src_ip, c.dst_internal, c.day, coalesce(d.bytes, 0) AS bytes
    FROM candidate AS c
    JOIN log_day AS l ON l.date < c.date AND l.date >= c.date - 28
    LEFT JOIN daily AS d ON d.src_ip = c.src_ip AND d.dst_internal = c.dst_internal
                        AND d.date = l.date
), usual AS MATERIALIZED (
    SELECT src_ip, dst_internal, day, count(*) AS days, median(bytes) AS usual,
           mad(bytes) AS spread
    FROM past
    GROUP BY src_ip, dst_internal, day
), odd AS MATERIALIZED (
    SELECT c.*, CAST(u.usual AS INTEGER) AS usual
    FROM candidate AS c
    JOIN usual AS u ON u.src_ip = c.src_ip AND u.dst_internal = c.dst_internal
                   AND u.day = c.day
    WHERE u.days >= :learn_days AND c.bytes >= :times * u.usual
      AND c.bytes > u.usual + :deviations * 1.4826 * u.spread
), peer AS MATERIALIZED (
    SELECT src_ip, dst_internal, day, dst_ip,
           row_number() OVER (PARTITION BY src_ip, dst_internal, day
                              ORDER BY sum(coalesce(sum_bytes_sent, 0)
                                           + coalesce(sum_bytes_rcvd, 0)) DESC,
                                       dst_ip) AS rank
    FROM firewall_rollup
    WHERE src_internal = 1 AND blocked = 'false'
      AND src_ip IN (SELECT src_ip FROM odd) AND day IN (SELECT day FROM odd)
    GROUP BY src_ip, dst_internal, day, dst_ip
)
SELECT o.src_ip, CASE o.dst_internal WHEN 1 THEN 'machines of the house'
                                     ELSE 'the outside' END AS direction,
       o.day, p.dst_ip, o.bytes, o.bytes_sent, o.usual, o.events, o.first_ts,
       o.last_ts
FROM odd AS o
LEFT JOIN peer AS p ON p.src_ip = o.src_ip AND p.dst_internal = o.dst_internal
                   AND p.day = o.day AND p.rank = 1
ORDER BY o.src_ip, direction, o.day

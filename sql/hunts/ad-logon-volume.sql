-- title: Far more authentications than other machines
-- table: windows
-- needs: windows.TargetUserName, windows.src_ip
-- stage: command-and-control
-- attack: v19 T1110, T1078
-- level: medium
-- tags: guide, core
-- reference: JPCERT/CC 2015, 5.5.1
-- param: min_events integer 200 "events in a day from which a machine is looked at"
-- param: times real 20 "so many times the median of all machines of that day"
-- param: deviations real 6 "and so many deviations (scaled MAD) above it"
-- param: min_clients integer 10 "machines that there must be on that day"
-- key: src_ip
-- why: {src_ip} asked to authenticate {events} times on {days} day(s), {most} times on {day}, when the median machine did {usual} times; {failed} were refused, {accounts} account(s)
-- evidence: windows: EventID IN (4624, 4625, 4768, 4771, 4776) AND src_ip = :src_ip
-- about: Log-ons and Kerberos (4624, 4625, 4768, 4771, 4776) by the address that asked,
--   against all others of the same day. Benign and always there: servers that log
--   people on (mail, web, terminal servers) and scanners; allow those by address.
--   A client among them tries passwords, or walks through the machines of the
--   house. One account refused again and again is a service with an old password.
-- hit: ad-logon-volume.hit.log
-- miss: ad-logon-volume.miss.log
WITH daily AS MATERIALIZED (
    SELECT src_ip, day, sum(events) AS events, min(first_ts) AS first_ts,
           max(last_ts) AS last_ts
    FROM windows_rollup
    WHERE ts >= :from_ts AND ts < :to_ts
      AND EventID IN (4624, 4625, 4768, 4771, 4776) AND src_ip IS NOT NULL
    GROUP BY src_ip, day
), client AS MATERIALIZED (
    SELECT * FROM daily WHERE src_ip NOT IN ('127.0.0.1', '::1')
), usual AS MATERIALIZED (
    SELECT day, count(*) AS clients, median(events) AS usual, mad(events) AS spread
    FROM client
    GROUP BY day
), odd AS MATERIALIZED (
    SELECT c.*, CAST(u.usual AS INTEGER) AS usual,
           row_number() OVER (PARTITION BY c.src_ip ORDER BY c.events DESC, c.day)
               AS rank
    FROM client AS c JOIN usual AS u ON u.day = c.day
    WHERE u.clients >= :min_clients AND c.events >= :min_events
      AND c.events >= :times * u.usual
      AND c.events > u.usual + :deviations * 1.4826 * u.spread
), detail AS MATERIALIZED (
    SELECT src_ip, day, TargetUserName, EventID, Status, sum(events) AS events
    FROM windows_rollup
    WHERE ts >= :from_ts AND ts < :to_ts
      AND EventID IN (4624, 4625, 4768, 4771, 4776)
      AND src_ip IN (SELECT src_ip FROM odd) AND day IN (SELECT day FROM odd)
    GROUP BY src_ip, day, TargetUserName, EventID, Status
), more AS MATERIALIZED (
    SELECT d.src_ip, count(DISTINCT account_name(d.TargetUserName)) AS accounts,
           sum(iif(d.EventID IN (4625, 4771)
                   OR d.EventID IN (4768, 4776) AND d.Status <> '0x0', d.events, 0))
               AS failed
    FROM detail AS d JOIN odd AS o ON o.src_ip = d.src_ip AND o.day = d.day
    GROUP BY d.src_ip
)
SELECT o.src_ip, max(iif(o.rank = 1, o.day, NULL)) AS day,
       max(iif(o.rank = 1, o.events, NULL)) AS most,
       max(iif(o.rank = 1, o.usual, NULL)) AS usual, count(*) AS days,
       max(m.accounts) AS accounts, max(m.failed) AS failed,
       sum(o.events) AS events, min(o.first_ts) AS first_ts, max(o.last_ts) AS last_ts
FROM odd AS o LEFT JOIN more AS m ON m.src_ip = o.src_ip
GROUP BY o.src_ip
ORDER BY o.src_ip

-- title: Many more authentications of a machine than ever
-- table: windows
-- needs: windows.TargetUserName
-- window: 28d
-- stage: command-and-control
-- attack: v19 T1110, T1078
-- level: medium
-- tags: guide, core
-- reference: JPCERT/CC 2015, 5.5.1
-- param: min_events integer 50 "events in a day from which a machine is looked at"
-- param: deviations real 6 "so many deviations (scaled MAD) above the machine's own median"
-- param: times real 3 "and so many times that median"
-- param: learn_days integer 7 "days of logs that there must be before"
-- key: client, day
-- why: {client} asked to authenticate {events} times on {day}, {usual} times on its median day; {failed} were refused, {accounts} account(s)
-- evidence: windows: EventID IN (4624, 4625, 4768, 4771, 4776) AND (src_ip = :client OR src_ip IS NULL AND :client IN (machine_name(WorkstationName), machine_name(Workstation)))
-- about: Log-ons, Kerberos and NTLM (4624, 4625, 4768, 4771, 4776) by the machine
--   that asked, against its own four weeks before (days without any count as zero):
--   a machine that all at once tries accounts or moves through others. Benign: a new
--   program with a wrong password, a machine that became a server, the first day
--   after a holiday. Many accounts refused: ad-password-spray, ad-user-enumeration;
--   many machines: ad-fan-out. That a machine falls silent is not told.
-- hit: ad-logon-change.hit.log
-- miss: ad-logon-change.miss.log
WITH asked AS MATERIALIZED (
    SELECT src_ip AS client, day, sum(events) AS events, min(first_ts) AS first_ts,
           max(last_ts) AS last_ts
    FROM windows_rollup
    WHERE EventID IN (4624, 4625, 4768, 4771, 4776) AND src_ip IS NOT NULL
    GROUP BY src_ip, day
    UNION ALL
    SELECT machine_name(WorkstationName), day, sum(events), min(first_ts),
           max(last_ts)
    FROM windows_rollup
    WHERE EventID IN (4624, 4625) AND src_ip IS NULL AND LogonType = 3
    GROUP BY WorkstationName, day
    UNION ALL
    SELECT machine_name(Workstation), day, sum(events), min(first_ts), max(last_ts)
    FROM windows_rollup
    WHERE EventID = 4776 AND src_ip IS NULL
    GROUP BY Workstation, day
), daily AS MATERIALIZED (
    SELECT client, day, julianday(day) AS date, sum(events) AS events,
           min(first_ts) AS first_ts, max(last_ts) AS last_ts
    FROM asked
    WHERE client IS NOT NULL AND client NOT IN ('', '-', '127.0.0.1', '::1')
    GROUP BY client, day
), log_day AS MATERIALIZED (
    SELECT DISTINCT date FROM daily
), candidate AS MATERIALIZED (
    SELECT * FROM daily WHERE last_ts >= :from_ts AND events >= :min_events
), past AS MATERIALIZED (
    SELECT * FROM daily WHERE client IN (SELECT client FROM candidate)
), usual AS MATERIALIZED (
    SELECT c.client, c.day, count(*) AS days, median(coalesce(d.events, 0)) AS usual,
           mad(coalesce(d.events, 0)) AS spread
    FROM candidate AS c
    JOIN log_day AS l ON l.date < c.date AND l.date >= c.date - 28
    LEFT JOIN past AS d ON d.client = c.client AND d.date = l.date
    GROUP BY c.client, c.day
), odd AS MATERIALIZED (
    SELECT c.*, CAST(u.usual AS INTEGER) AS usual
    FROM candidate AS c
    JOIN usual AS u ON u.client = c.client AND u.day = c.day
    WHERE u.days >= :learn_days AND c.events >= :times * u.usual
      AND c.events > u.usual + :deviations * 1.4826 * u.spread
), detail AS MATERIALIZED (
    SELECT coalesce(src_ip, machine_name(WorkstationName), machine_name(Workstation))
               AS client, day, TargetUserName, EventID, Status, sum(events) AS events
    FROM windows_rollup
    WHERE EventID IN (4624, 4625, 4768, 4771, 4776) AND day IN (SELECT day FROM odd)
      AND coalesce(src_ip, machine_name(WorkstationName), machine_name(Workstation))
          IN (SELECT client FROM odd)
    GROUP BY src_ip, WorkstationName, Workstation, day, TargetUserName, EventID, Status
), more AS MATERIALIZED (
    SELECT client, day, count(DISTINCT account_name(TargetUserName)) AS accounts,
           sum(iif(EventID IN (4625, 4771)
                   OR EventID IN (4768, 4776) AND Status <> '0x0', events, 0)) AS failed
    FROM detail
    GROUP BY client, day
)
SELECT o.client, o.day, o.events, o.usual, m.failed, m.accounts, o.first_ts, o.last_ts
FROM odd AS o LEFT JOIN more AS m ON m.client = o.client AND m.day = o.day
ORDER BY o.client, o.day

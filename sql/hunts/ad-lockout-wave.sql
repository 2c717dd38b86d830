-- title: Many accounts locked at once
-- table: windows
-- needs: windows.TargetUserName
-- stage: command-and-control
-- attack: v19 T1110, T1531
-- level: medium
-- tags: core
-- param: minutes integer 10 "within so many minutes"
-- param: min_accounts integer 5 "smallest number of accounts"
-- key: day
-- why: {accounts} accounts were locked within {minutes} minutes of {day}, from {first_ts} on, by {callers} machine(s) such as {caller}
-- evidence: windows: EventID = 4740
-- about: Accounts are locked (4740) when passwords are tried, by hand or by a worm.
--   One at a time is forgotten passwords; many within minutes is not. The machine
--   that caused it stands in the event. Benign: an application that lost its
--   connection and tries the stored passwords of all its users.
-- hit: ad-lockout-wave.hit.log
-- miss: ad-lockout-wave.miss.log
WITH locked AS MATERIALIZED (
    SELECT ts, account_name(TargetUserName) AS account,
           machine_name(TargetDomainName) AS caller
    FROM windows
    WHERE ts >= :from_ts AND ts < :to_ts AND EventID = 4740
), slot AS (
    SELECT *, ts / (:minutes * 60000000) * 2 AS slot FROM locked
    UNION ALL
    SELECT *, (ts + :minutes * 30000000) / (:minutes * 60000000) * 2 + 1 FROM locked
), burst AS MATERIALIZED (
    SELECT slot, count(DISTINCT account) AS accounts, count(DISTINCT caller) AS callers,
           min(caller) AS caller, count(*) AS events, min(ts) AS first_ts,
           max(ts) AS last_ts
    FROM slot
    GROUP BY slot
    HAVING count(DISTINCT account) >= :min_accounts
)
SELECT local_day(first_ts) AS day, max(accounts) AS accounts, :minutes AS minutes,
       max(callers) AS callers, coalesce(min(caller), 'a machine that is not named') AS caller,
       max(events) AS events, min(first_ts) AS first_ts, max(last_ts) AS last_ts
FROM burst
GROUP BY local_day(first_ts)
ORDER BY day

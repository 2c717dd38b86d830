-- title: Refused again and again, then in
-- table: windows
-- needs: windows.TargetUserName
-- stage: command-and-control
-- attack: v19 T1110.001, T1078
-- level: high
-- tags: core
-- param: min_failures integer 10 "smallest number of refusals before"
-- param: minutes integer 30 "within so many minutes"
-- key: account, client
-- why: {account} was refused {failures} times from {client} within {minutes} minutes and then logged on from there, on {Computer} at {last_ts}
-- evidence: windows: EventID IN (4624, 4625, 4768, 4771, 4776) AND TargetUserName = :TargetUserName AND (src_ip = :client OR src_ip IS NULL AND :client IN (machine_name(WorkstationName), machine_name(Workstation)))
-- about: A password was guessed, or somebody remembered his own: people give up or
--   are locked after a handful of tries, programs do not. Benign: a stored password
--   that was renewed while a program went on with the old one. Next: what the
--   account did from then on; whether its owner was at that machine.
-- hit: ad-brute-force.hit.log
-- miss: ad-brute-force.miss.log
WITH refused AS MATERIALIZED (
    -- Of a run over midnight one day has at least half.
    SELECT TargetUserName, day FROM windows_rollup
    WHERE ts >= :from_ts AND ts < :to_ts
      AND (EventID IN (4625, 4771) OR EventID IN (4768, 4776) AND Status <> '0x0')
    GROUP BY TargetUserName, day
    HAVING sum(events) * 2 >= :min_failures
), account AS MATERIALIZED (
    SELECT account_name(TargetUserName) AS account, day FROM refused
    UNION
    SELECT account_name(TargetUserName), date(day, '+1 day') FROM refused
    UNION
    SELECT account_name(TargetUserName), date(day, '-1 day') FROM refused
), name AS MATERIALIZED (
    SELECT TargetUserName FROM windows_rollup
    WHERE ts >= :from_ts AND ts < :to_ts
      AND EventID IN (4624, 4625, 4768, 4771, 4776)
    GROUP BY TargetUserName
    HAVING account_name(TargetUserName) IN (SELECT account FROM account)
), event AS MATERIALIZED (
    SELECT ts, Computer, TargetUserName, account_name(TargetUserName) AS account,
           coalesce(src_ip, machine_name(WorkstationName), machine_name(Workstation))
               AS client,
           EventID IN (4625, 4771) OR EventID IN (4768, 4776) AND Status <> '0x0'
               AS failed
    FROM windows
    WHERE ts >= :from_ts AND ts < :to_ts
      AND EventID IN (4624, 4625, 4768, 4771, 4776)
      AND coalesce(LogonType, 3) NOT IN (0, 4, 5)
      AND TargetUserName IN (SELECT TargetUserName FROM name)
      AND (account_name(TargetUserName), day) IN (SELECT account, day FROM account)
), counted AS (
    SELECT *, sum(failed) OVER (PARTITION BY account, client ORDER BY ts
                                RANGE BETWEEN :minutes * 60000000 PRECEDING
                                          AND CURRENT ROW) AS failures,
           min(ts) OVER (PARTITION BY account, client ORDER BY ts
                         RANGE BETWEEN :minutes * 60000000 PRECEDING
                                   AND CURRENT ROW) AS first_ts
    FROM event
    WHERE client IS NOT NULL AND account IS NOT NULL
)
SELECT account, client, min(TargetUserName) AS TargetUserName,
       min(Computer) AS Computer, max(failures) AS failures, :minutes AS minutes,
       count(*) AS successes, max(failures) + count(*) AS events,
       min(first_ts) AS first_ts, min(ts) AS last_ts
FROM counted
WHERE NOT failed AND failures >= :min_failures
GROUP BY account, client
ORDER BY account, client

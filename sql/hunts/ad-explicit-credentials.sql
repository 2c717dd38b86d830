-- title: Other credentials used on many machines
-- table: windows
-- needs: windows.TargetServerName, windows.SubjectUserName
-- stage: command-and-control
-- attack: v19 T1550, T1078, T1021
-- level: medium
-- tags: core
-- param: min_machines integer 5 "smallest number of machines"
-- param: hours integer 1 "within so many hours"
-- key: account, Computer
-- why: {account} on {Computer} used the credentials of {others} other account(s), such as {other}, on {machines} machines within {hours} hour(s), such as {machine}
-- evidence: windows: EventID = 4648 AND Computer = :Computer AND SubjectUserName = :SubjectUserName
-- about: A program gave a user name and password of its own (4648) for many machines
--   in a row: runas, PsExec, WMI, net use in a loop. The event stands in the log of
--   the machine that does it. Benign: an administrator's tools, a server that acts
--   for its users. Next: which program (ProcessName in the lines), and whose
--   credentials.
-- hit: ad-explicit-credentials.hit.log
-- miss: ad-explicit-credentials.miss.log
WITH used AS MATERIALIZED (
    SELECT ts, Computer, SubjectUserName, account_name(SubjectUserName) AS account,
           account_name(TargetUserName) AS other, machine_name(TargetServerName) AS machine
    FROM windows
    WHERE ts >= :from_ts AND ts < :to_ts AND EventID = 4648
      AND SubjectUserName NOT LIKE '%$' AND TargetServerName <> 'localhost'
), slot AS (
    SELECT *, ts / (:hours * 3600000000) * 2 AS slot FROM used
    UNION ALL
    SELECT *, (ts + :hours * 1800000000) / (:hours * 3600000000) * 2 + 1 FROM used
), burst AS MATERIALIZED (
    SELECT account, Computer, slot, min(SubjectUserName) AS SubjectUserName,
           count(DISTINCT machine) AS machines, min(machine) AS machine,
           count(DISTINCT other) AS others, min(other) AS other,
           count(*) AS events, min(ts) AS first_ts, max(ts) AS last_ts
    FROM slot
    WHERE machine IS NOT NULL AND machine <> machine_name(Computer)
    GROUP BY account, Computer, slot
    HAVING count(DISTINCT machine) >= :min_machines
)
SELECT account, Computer, min(SubjectUserName) AS SubjectUserName,
       max(machines) AS machines, min(machine) AS machine, max(others) AS others,
       min(other) AS other, :hours AS hours, max(events) AS events,
       min(first_ts) AS first_ts, max(last_ts) AS last_ts
FROM burst
GROUP BY account, Computer
ORDER BY account, Computer

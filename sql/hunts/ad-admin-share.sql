-- title: Administrative shares of many machines, or a program put there
-- table: windows
-- needs: windows.ShareName, windows.SubjectUserName
-- stage: command-and-control
-- attack: v19 T1021.002, T1569.002, T1570
-- level: high
-- tags: core
-- param: hours integer 1 "within so many hours"
-- param: min_machines integer 3 "smallest number of machines"
-- key: account, client, kind
-- why: {account} from {client} {what}, such as {target} on {Computer}
-- evidence: windows: EventID IN (5140, 5145) AND SubjectUserName = :SubjectUserName AND src_ip IS :client
-- about: ADMIN$, C$ and the pipes svcctl, atsvc and winreg (5140, 5145) are how one
--   machine administers another, and how an attacker goes on. Told are accounts that
--   do so on several machines within the hour, and programs or the pipes of remote
--   shells (PsExec and its kin) in such a share. Benign: software distribution,
--   backup, an administrator at work: list the accounts under service_accounts.
--   Next: ad-service-installed and ad-task-created on the same machines.
-- hit: ad-admin-share.hit.log
-- miss: ad-admin-share.miss.log
WITH used AS MATERIALIZED (
    SELECT ts, Computer, src_ip AS client, SubjectUserName, ShareName,
           RelativeTargetName, account_name(SubjectUserName) AS account
    FROM windows
    WHERE ts >= :from_ts AND ts < :to_ts AND EventID IN (5140, 5145)
      AND SubjectUserName NOT LIKE '%$'
      AND (ShareName LIKE '%\ADMIN$' OR ShareName LIKE '%\_$'
           OR ShareName LIKE '%\IPC$'
              AND (RelativeTargetName IN ('svcctl', 'atsvc', 'winreg', 'eventlog')
                   OR RelativeTargetName LIKE '%-std%'
                   OR RelativeTargetName LIKE '%psexe%' OR RelativeTargetName LIKE '%paexec%'
                   OR RelativeTargetName LIKE '%remcom%'))
      AND (src_ip IS NULL OR src_ip NOT IN ('127.0.0.1', '::1'))
), own AS (
    SELECT * FROM used
    WHERE account NOT IN (SELECT account_name(account) FROM site_service_account)
), slot AS (
    SELECT *, ts / (:hours * 3600000000) * 2 AS slot FROM own
    UNION ALL
    SELECT *, (ts + :hours * 1800000000) / (:hours * 3600000000) * 2 + 1 FROM own
), burst AS MATERIALIZED (
    SELECT account, client, slot, count(DISTINCT Computer) AS machines,
           min(Computer) AS Computer, min(ShareName) AS target,
           min(SubjectUserName) AS SubjectUserName, count(*) AS events,
           min(ts) AS first_ts, max(ts) AS last_ts
    FROM slot
    GROUP BY account, client, slot
    HAVING count(DISTINCT Computer) >= :min_machines
), put AS (
    SELECT account, client, count(DISTINCT Computer) AS machines,
           min(Computer) AS Computer, min(RelativeTargetName) AS target,
           min(SubjectUserName) AS SubjectUserName, count(*) AS events,
           min(ts) AS first_ts, max(ts) AS last_ts
    FROM own
    WHERE ShareName LIKE '%\IPC$' AND RelativeTargetName REGEXP
              '(?i)-std(in|out|err)$|psexe|paexec|remcom'
       OR ShareName LIKE '%\ADMIN$' AND RelativeTargetName REGEXP
              '(?i)\.(exe|dll|bat|cmd|ps1|vbs|sys)$|^(temp|system32)\\[a-z0-9]{6,10}\.tmp$'
    GROUP BY account, client
)
SELECT account, client, 'many machines' AS kind,
       'used administrative shares of ' || max(machines) || ' machines within '
       || :hours || ' hour(s)' AS what, min(Computer) AS Computer, min(target) AS target,
       min(SubjectUserName) AS SubjectUserName, max(events) AS events,
       min(first_ts) AS first_ts, max(last_ts) AS last_ts
FROM burst
GROUP BY account, client
UNION ALL
SELECT account, client, 'program',
       'put programs or pipes of a remote shell into administrative shares of '
       || machines || ' machine(s)', Computer, target, SubjectUserName, events,
       first_ts, last_ts
FROM put
ORDER BY 1, 2, 3

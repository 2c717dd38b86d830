-- title: Log-on with a hash instead of a password
-- table: windows
-- needs: windows.LogonType, windows.LogonProcessName
-- stage: command-and-control
-- attack: v19 T1550.002, T1021.002
-- level: high
-- tags: core
-- key: account, client, kind
-- why: {account} logged on {kind} {events} times, from {client} to {computers} machine(s) such as {Computer}
-- evidence: windows: EventID = 4624 AND TargetUserName = :TargetUserName AND (LogonType = 9 OR LogonType = 3 AND KeyLength = 0) AND :client IN (src_ip, machine_name(WorkstationName), machine_name(Computer))
-- about: Tools that log on with a stolen hash make NTLM sessions without a session
--   key (KeyLength 0), or a session with other credentials for the network only
--   (type 9, seclogo). Benign: old scanners, printers and storage that speak NTLM
--   badly: always the same address and account; runas /netonly by an administrator.
--   Next: an administrator's account from a client's address is not benign.
-- hit: ad-pass-the-hash.hit.log
-- miss: ad-pass-the-hash.miss.log
WITH entered AS MATERIALIZED (
    SELECT TargetUserName, src_ip, WorkstationName, Computer, LogonType,
           sum(events) AS events, min(first_ts) AS first_ts, max(last_ts) AS last_ts
    FROM windows_rollup
    WHERE ts >= :from_ts AND ts < :to_ts AND EventID = 4624
      AND (LogonType = 3 AND LogonProcessName LIKE 'NtLmSsp%' AND KeyLength = 0
           OR LogonType = 9 AND LogonProcessName LIKE 'seclogo%')
      AND TargetUserName NOT LIKE '%$' AND TargetUserName <> 'ANONYMOUS LOGON'
    GROUP BY TargetUserName, src_ip, WorkstationName, Computer, LogonType
), placed AS (
    SELECT *, account_name(TargetUserName) AS account,
           iif(LogonType = 9, machine_name(Computer),
               coalesce(src_ip, machine_name(WorkstationName))) AS client,
           iif(LogonType = 9, 'with other credentials for the network (type 9, seclogo)',
               'over NTLM without a session key') AS kind
    FROM entered
)
SELECT account, client, kind, min(TargetUserName) AS TargetUserName,
       min(Computer) AS Computer, count(DISTINCT Computer) AS computers,
       sum(events) AS events, min(first_ts) AS first_ts, max(last_ts) AS last_ts
FROM placed
WHERE client IS NOT NULL
GROUP BY account, client, kind
ORDER BY account, client, kind

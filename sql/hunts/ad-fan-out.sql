-- title: One account on many machines at once
-- table: windows
-- needs: windows.TargetUserName, windows.src_ip
-- stage: command-and-control
-- attack: v19 T1021.002, T1078, T1018
-- level: high
-- tags: core
-- param: minutes integer 5 "within so many minutes"
-- param: min_machines integer 10 "smallest number of machines"
-- key: account, client
-- why: {account} went from {client} to {machines} machines within {minutes} minutes from {first_ts} on, such as {machine}
-- evidence: windows: src_ip = :client AND TargetUserName IN (:TargetUserName, :TicketUserName) AND (EventID = 4624 AND LogonType = 3 OR EventID = 4769)
-- about: Log-ons over the network (4624, type 3) and tickets for machines (4769) of
--   one account from one address. Nobody works on ten machines in five minutes;
--   programs that spread, and tools that look for where an account is administrator,
--   do. Benign: scanners, backup, software distribution: list their accounts under
--   service_accounts. With the logs of controllers alone the tickets tell.
-- hit: ad-fan-out.hit.log
-- miss: ad-fan-out.miss.log
WITH busy AS MATERIALIZED (
    SELECT src_ip FROM windows_rollup
    WHERE ts >= :from_ts AND ts < :to_ts AND src_ip IS NOT NULL
      AND EventID IN (4624, 4769)
    GROUP BY src_ip
    HAVING count(DISTINCT Computer) >= :min_machines
        OR count(DISTINCT ServiceName) >= :min_machines
), dense AS MATERIALIZED (
    -- A burst may go over midnight.
    SELECT src_ip, day FROM windows_rollup
    WHERE ts >= :from_ts AND ts < :to_ts AND EventID IN (4624, 4769)
      AND src_ip IN (SELECT src_ip FROM busy)
    GROUP BY src_ip, day
    HAVING count(DISTINCT Computer) * 2 >= :min_machines
        OR count(DISTINCT ServiceName) * 2 >= :min_machines
), visit AS MATERIALIZED (
    SELECT ts, src_ip AS client, account_name(TargetUserName) AS account,
           iif(EventID = 4624, TargetUserName, NULL) AS TargetUserName,
           iif(EventID = 4769, TargetUserName, NULL) AS TicketUserName,
           machine_name(iif(EventID = 4624, Computer, ServiceName)) AS machine
    FROM windows
    WHERE ts >= :from_ts AND ts < :to_ts
      AND src_ip IN (SELECT src_ip FROM dense)
      AND (+src_ip, +day) IN (SELECT src_ip, day FROM dense)
      AND src_ip NOT IN ('127.0.0.1', '::1')
      AND (EventID = 4624 AND LogonType = 3 AND TargetUserName NOT LIKE '%$'
           AND TargetUserName <> 'ANONYMOUS LOGON'
           OR EventID = 4769 AND Status = '0x0' AND ServiceName LIKE '%$'
              AND TargetUserName NOT LIKE '%$@%')
), slot AS (
    SELECT *, ts / (:minutes * 60000000) * 2 AS slot FROM visit
    UNION ALL
    SELECT *, (ts + :minutes * 30000000) / (:minutes * 60000000) * 2 + 1 FROM visit
), burst AS MATERIALIZED (
    SELECT account, client, slot, count(DISTINCT machine) AS machines,
           min(machine) AS machine, min(TargetUserName) AS TargetUserName,
           min(TicketUserName) AS TicketUserName,
           count(*) AS events, min(ts) AS first_ts, max(ts) AS last_ts
    FROM slot
    WHERE account NOT IN (SELECT account_name(account) FROM site_service_account)
    GROUP BY account, client, slot
    HAVING count(DISTINCT machine) >= :min_machines
)
SELECT account, client, max(machines) AS machines, min(machine) AS machine,
       min(TargetUserName) AS TargetUserName, min(TicketUserName) AS TicketUserName,
       :minutes AS minutes, max(events) AS events, min(first_ts) AS first_ts,
       max(last_ts) AS last_ts
FROM burst
GROUP BY account, client
ORDER BY account, client

-- title: Names that do not exist, one after the other
-- table: windows
-- needs: windows.TargetUserName, windows.Status
-- stage: command-and-control, reconnaissance
-- attack: v19 T1087.002, T1110.003
-- level: medium
-- tags: core
-- param: minutes integer 10 "within so many minutes"
-- param: min_names integer 5 "smallest number of names"
-- key: client
-- why: {client} asked for {names} accounts that do not exist within {minutes} minutes, such as {account}
-- evidence: windows: (EventID IN (4625, 4776) AND '0xc0000064' IN (Status, SubStatus) OR EventID = 4768 AND Status = '0x6') AND (src_ip = :client OR src_ip IS NULL AND :client IN (machine_name(WorkstationName), machine_name(Workstation)))
-- about: Somebody goes through a list of names to learn which exist (4768 with 0x6,
--   4776 and 4625 with 0xc0000064). Benign: a server that checks people from
--   outside, a machine of another domain, a program that knows accounts that were
--   removed: then the names are always the same. Next: did the same machine try
--   passwords of names that do exist (ad-password-spray).
-- hit: ad-user-enumeration.hit.log
-- miss: ad-user-enumeration.miss.log
WITH asked AS MATERIALIZED (
    SELECT ts, coalesce(src_ip, machine_name(WorkstationName),
                        machine_name(Workstation)) AS client,
           account_name(TargetUserName) AS account
    FROM windows
    WHERE ts >= :from_ts AND ts < :to_ts
      AND (EventID IN (4625, 4776) AND '0xc0000064' IN (Status, SubStatus)
           OR EventID = 4768 AND Status = '0x6')
), slot AS (
    SELECT *, ts / (:minutes * 60000000) * 2 AS slot FROM asked
    UNION ALL
    SELECT *, (ts + :minutes * 30000000) / (:minutes * 60000000) * 2 + 1 FROM asked
), burst AS MATERIALIZED (
    SELECT client, slot, count(DISTINCT account) AS names, min(account) AS account,
           count(*) AS events, min(ts) AS first_ts, max(ts) AS last_ts
    FROM slot
    WHERE client IS NOT NULL
    GROUP BY client, slot
    HAVING count(DISTINCT account) >= :min_names
)
SELECT client, max(names) AS names, min(account) AS account, :minutes AS minutes,
       max(events) AS events, min(first_ts) AS first_ts, max(last_ts) AS last_ts
FROM burst
GROUP BY client
ORDER BY client

-- title: Disabled accounts tried
-- table: windows
-- needs: windows.Status, windows.TargetUserName
-- stage: command-and-control
-- attack: v19 T1078, T1110.003
-- level: medium
-- tags: core
-- param: hours integer 1 "within so many hours"
-- param: min_accounts integer 3 "smallest number of accounts"
-- key: client
-- why: {client} tried {accounts} accounts that are disabled or locked within {hours} hour(s), such as {account}
-- evidence: windows: (EventID IN (4625, 4776) AND '0xc0000072' IN (Status, SubStatus) OR EventID IN (4768, 4771) AND Status = '0x12') AND (src_ip = :client OR src_ip IS NULL AND :client IN (machine_name(WorkstationName), machine_name(Workstation)))
-- about: Who walks through a list of names meets those that were switched off (4625
--   and 4776 with 0xc0000072, 4768 with 0x12). A forgotten program tries one. Benign:
--   a server on which people who left still have sessions or tasks.
-- hit: ad-disabled-account.hit.log
-- miss: ad-disabled-account.miss.log
WITH tried AS MATERIALIZED (
    SELECT ts, coalesce(src_ip, machine_name(WorkstationName),
                        machine_name(Workstation)) AS client,
           account_name(TargetUserName) AS account
    FROM windows
    WHERE ts >= :from_ts AND ts < :to_ts
      AND (EventID IN (4625, 4776) AND '0xc0000072' IN (Status, SubStatus)
           OR EventID IN (4768, 4771) AND Status = '0x12')
), slot AS (
    SELECT *, ts / (:hours * 3600000000) * 2 AS slot FROM tried
    UNION ALL
    SELECT *, (ts + :hours * 1800000000) / (:hours * 3600000000) * 2 + 1 FROM tried
), burst AS MATERIALIZED (
    SELECT client, slot, count(DISTINCT account) AS accounts, min(account) AS account,
           count(*) AS events, min(ts) AS first_ts, max(ts) AS last_ts
    FROM slot
    WHERE client IS NOT NULL
    GROUP BY client, slot
    HAVING count(DISTINCT account) >= :min_accounts
)
SELECT client, max(accounts) AS accounts, min(account) AS account, :hours AS hours,
       max(events) AS events, min(first_ts) AS first_ts, max(last_ts) AS last_ts
FROM burst
GROUP BY client
ORDER BY client

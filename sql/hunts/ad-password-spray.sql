-- title: A few passwords against many accounts
-- table: windows
-- needs: windows.TargetUserName
-- stage: command-and-control
-- attack: v19 T1110.003
-- level: high
-- tags: core
-- param: minutes integer 10 "within so many minutes"
-- param: min_accounts integer 10 "smallest number of accounts"
-- param: max_tries integer 3 "an account with more tries is not sprayed but guessed"
-- key: client
-- why: {client} tried {accounts} accounts within {minutes} minutes, {tries} times in all, from {first_ts} on; {successes} of them logged on from there within the hour
-- evidence: windows: EventID IN (4625, 4771, 4776, 4648) AND (src_ip = :client OR src_ip IS NULL AND :client IN (machine_name(WorkstationName), machine_name(Workstation), machine_name(Computer)))
-- about: Wrong passwords (4625, 4771 with 0x18, 4776 with 0xc000006a) for many
--   accounts from one machine, few for each, so that none is locked; and a program
--   that logs on as many different accounts itself (4648). Benign: a mail or web
--   server that checks the passwords of its users, on the morning after all had to
--   change them. Next: which of the accounts logged on afterwards.
-- hit: ad-password-spray.hit.log
-- miss: ad-password-spray.miss.log
WITH tried AS MATERIALIZED (
    SELECT ts, coalesce(src_ip, machine_name(WorkstationName),
                        machine_name(Workstation)) AS client,
           account_name(TargetUserName) AS account
    FROM windows
    WHERE ts >= :from_ts AND ts < :to_ts
      AND (EventID = 4625 AND '0xc000006a' IN (Status, SubStatus)
           OR EventID = 4771 AND Status = '0x18'
           OR EventID = 4776 AND Status = '0xc000006a')
    UNION ALL
    SELECT ts, machine_name(Computer), account_name(TargetUserName)
    FROM windows
    WHERE ts >= :from_ts AND ts < :to_ts AND EventID = 4648
      AND SubjectUserName NOT LIKE '%$' AND TargetUserName NOT LIKE '%$'
), slot AS (
    SELECT client, account, ts / (:minutes * 60000000) * 2 AS slot, ts FROM tried
    UNION ALL
    SELECT client, account, (ts + :minutes * 30000000) / (:minutes * 60000000) * 2 + 1,
           ts FROM tried
), pair AS MATERIALIZED (
    SELECT client, slot, account, count(*) AS tries, min(ts) AS first_ts,
           max(ts) AS last_ts
    FROM slot
    WHERE client IS NOT NULL AND account IS NOT NULL
    GROUP BY client, slot, account
    HAVING count(*) <= :max_tries
), burst AS MATERIALIZED (
    SELECT client, slot, count(*) AS accounts, sum(tries) AS tries,
           min(first_ts) AS first_ts, max(last_ts) AS last_ts,
           row_number() OVER (PARTITION BY client ORDER BY count(*) DESC, slot) AS rank
    FROM pair
    GROUP BY client, slot
    HAVING count(*) >= :min_accounts
), entered AS MATERIALIZED (
    SELECT ts, coalesce(src_ip, machine_name(WorkstationName),
                        machine_name(Workstation)) AS client,
           account_name(TargetUserName) AS account
    FROM windows
    WHERE ts >= :from_ts AND ts < :to_ts
      AND (EventID = 4624 AND LogonType IN (3, 8, 10)
           OR EventID IN (4768, 4776) AND Status = '0x0')
      AND (SELECT count(*) FROM burst) > 0
      AND ts >= (SELECT min(first_ts) FROM burst)
      AND ts <= (SELECT max(last_ts) + 3600000000 FROM burst)
      AND coalesce(src_ip, machine_name(WorkstationName), machine_name(Workstation))
          IN (SELECT client FROM burst)
), success AS MATERIALIZED (
    SELECT b.client, count(DISTINCT e.account) AS successes
    FROM burst AS b
    JOIN pair AS p ON p.client = b.client AND p.slot = b.slot
    JOIN entered AS e ON e.client = b.client AND e.account = p.account
                     AND e.ts >= b.first_ts AND e.ts <= b.last_ts + 3600000000
    GROUP BY b.client
)
SELECT b.client, max(iif(b.rank = 1, b.accounts, NULL)) AS accounts,
       max(iif(b.rank = 1, b.tries, NULL)) AS tries, :minutes AS minutes,
       coalesce(max(s.successes), 0) AS successes,
       max(iif(b.rank = 1, b.tries, NULL)) AS events,
       min(b.first_ts) AS first_ts, max(b.last_ts) AS last_ts
FROM burst AS b LEFT JOIN success AS s ON s.client = b.client
GROUP BY b.client
ORDER BY b.client

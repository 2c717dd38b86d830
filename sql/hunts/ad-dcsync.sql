-- title: The directory replicated by somebody who is no controller
-- table: windows
-- needs: windows.Properties, windows.SubjectUserName
-- stage: command-and-control, actions-on-objectives
-- attack: v19 T1003.006
-- level: critical
-- tags: core
-- key: account, Computer
-- why: {account} used the right to replicate the directory on {Computer}, {events} times: it is no controller, and may have read every password
-- evidence: windows: EventID = 4662 AND SubjectUserName = :SubjectUserName AND Computer = :Computer AND Properties LIKE '%1131f6a%'
-- about: Controllers copy the directory from each other with the rights
--   DS-Replication-Get-Changes (4662). Anybody else who does so takes password
--   hashes. Machine accounts count when kura.yaml lists the controllers and they are
--   none. Benign: the account that synchronises a cloud directory (MSOL_...): list
--   it under service_accounts. Next: treat krbtgt and all passwords as known to the
--   attacker.
-- hit: ad-dcsync.hit.log
-- miss: ad-dcsync.miss.log
SELECT account_name(SubjectUserName) AS account, Computer,
       min(SubjectUserName) AS SubjectUserName, sum(events) AS events,
       min(first_ts) AS first_ts, max(last_ts) AS last_ts
FROM windows_rollup
WHERE ts >= :from_ts AND ts < :to_ts AND EventID = 4662
  AND (Properties LIKE '%1131f6aa-9c07-11d1-f79f-00c04fc2dcd2%'
       OR Properties LIKE '%1131f6ad-9c07-11d1-f79f-00c04fc2dcd2%'
       OR Properties LIKE '%89e95b76-444d-4c62-991a-0facbeda640c%')
  AND (SubjectUserName NOT LIKE '%$'
       OR EXISTS (SELECT 1 FROM site_controller)
          AND machine_name(SubjectUserName)
              NOT IN (SELECT machine_name(name) FROM site_controller
                      WHERE name IS NOT NULL))
  AND account_name(SubjectUserName)
      NOT IN (SELECT account_name(account) FROM site_service_account)
GROUP BY account_name(SubjectUserName), Computer
ORDER BY account, Computer

-- title: A person at the keyboard of a service account
-- table: windows
-- needs: windows.LogonType, site_service_account
-- stage: command-and-control
-- attack: v19 T1078.002
-- level: high
-- tags: core
-- key: account, Computer
-- why: {account}, a service account, was used {how} on {Computer} {events} times, from {client}
-- evidence: windows: EventID IN (4624, 4625) AND Computer = :Computer AND TargetUserName = :TargetUserName AND LogonType IN (2, 7, 10, 11)
-- about: Accounts of services log on as a service or over the network (types 5, 3, 4).
--   At the keyboard or over remote desktop (2, 7, 10, 11) somebody knows the password.
--   Benign: an administrator who repairs the service; let him use his own account.
--   Refused log-ons count too.
-- hit: ad-service-account-logon.hit.log
-- miss: ad-service-account-logon.miss.log
WITH name AS MATERIALIZED (
    SELECT DISTINCT account_name(account) AS account FROM site_service_account
), used AS MATERIALIZED (
    SELECT TargetUserName, Computer, LogonType, src_ip, sum(events) AS events,
           min(first_ts) AS first_ts, max(last_ts) AS last_ts
    FROM windows_rollup
    WHERE ts >= :from_ts AND ts < :to_ts AND EventID IN (4624, 4625)
      AND LogonType IN (2, 7, 10, 11)
    GROUP BY TargetUserName, Computer, LogonType, src_ip
)
SELECT account_name(TargetUserName) AS account, Computer,
       min(TargetUserName) AS TargetUserName,
       CASE max(LogonType = 10) WHEN 1 THEN 'over remote desktop'
                                ELSE 'at the keyboard' END AS how,
       coalesce(max(iif(src_ip IN ('127.0.0.1', '::1'), NULL, src_ip)), 'the machine itself')
           AS client,
       sum(events) AS events, min(first_ts) AS first_ts, max(last_ts) AS last_ts
FROM used
WHERE account_name(TargetUserName) IN (SELECT account FROM name)
GROUP BY account_name(TargetUserName), Computer
ORDER BY account, Computer

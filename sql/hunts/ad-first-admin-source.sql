-- title: Privileged account from an address that it never used
-- table: windows
-- needs: windows.PrivilegeList, windows.src_ip, windows.LogonType
-- window: 30d
-- stage: command-and-control
-- attack: v19 T1078.002, T1021.001
-- level: medium
-- tags: core
-- param: learn_days integer 14 "days that the account must have been seen before"
-- param: max_sources integer 10 "an account with more addresses before is not looked at"
-- key: account, src_ip
-- why: {account}, which gets special privileges, logged on from {src_ip} for the first time in 30 days, {events} times, on {Computer}; it used {sources} address(es) before
-- evidence: windows: EventID = 4624 AND src_ip = :src_ip AND TargetUserName = :TargetUserName
-- about: Privileged accounts (those that 4672 names) work from few machines. A new one
--   is a new desk, or somebody who has the password. This hunt learns; what the site
--   lists for its administrators it takes as known (see ad-admin-logon-host). Benign:
--   addresses that are given out anew (DHCP), a new server. Next: kura who on the
--   address: whose machine is it.
-- hit: ad-first-admin-source.hit.log
-- miss: ad-first-admin-source.miss.log
WITH privileged AS MATERIALIZED (
    SELECT account_name(SubjectUserName) AS account
    FROM windows_rollup
    WHERE EventID = 4672 AND SubjectUserName NOT LIKE '%$'
      AND (SubjectUserSid IS NULL OR SubjectUserSid LIKE 'S-1-5-21-%')
    GROUP BY SubjectUserName
), pair AS MATERIALIZED (
    SELECT TargetUserName, src_ip, Computer, sum(events) AS events,
           min(first_ts) AS first_ts, max(last_ts) AS last_ts
    FROM windows_rollup
    WHERE EventID = 4624 AND LogonType IN (3, 10) AND src_ip IS NOT NULL
      AND TargetUserName NOT LIKE '%$'
    GROUP BY TargetUserName, src_ip, Computer
), source AS MATERIALIZED (
    SELECT account_name(TargetUserName) AS account, src_ip,
           min(TargetUserName) AS TargetUserName, min(Computer) AS Computer,
           sum(events) AS events, min(first_ts) AS first_ts, max(last_ts) AS last_ts
    FROM pair
    WHERE account_name(TargetUserName) IN (SELECT account FROM privileged)
      AND src_ip NOT IN ('127.0.0.1', '::1')
    GROUP BY account_name(TargetUserName), src_ip
)
SELECT s.account, s.src_ip, s.TargetUserName, s.Computer,
       count(b.src_ip) AS sources, s.events, s.first_ts, s.last_ts
FROM source AS s
JOIN source AS b ON b.account = s.account AND b.first_ts < s.first_ts
WHERE s.first_ts >= :from_ts
  AND coalesce(admin_host(s.TargetUserName, s.src_ip), 0) = 0
GROUP BY s.account, s.src_ip
HAVING min(b.first_ts) <= s.first_ts - :learn_days * 86400000000
   AND count(b.src_ip) <= :max_sources
ORDER BY s.account, s.src_ip

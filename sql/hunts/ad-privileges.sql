-- title: Privileges for an account that never had them
-- table: windows
-- needs: windows.SubjectUserName, windows.PrivilegeList
-- window: 30d
-- stage: command-and-control
-- attack: v19 T1078.002, T1134
-- level: medium
-- tags: guide, core
-- reference: JPCERT/CC 2015, 5.5.1
-- param: learn_days integer 7 "days of such events that there must be before"
-- key: account
-- why: {account} was given special privileges {events} times, first on {Computer} at {first_ts}: never in the {learned} days before, and the site names it neither administrator nor service ({privileges})
-- evidence: windows: EventID = 4672 AND SubjectUserName = :SubjectUserName
-- about: Special privileges (4672) go to sessions that may do as an administrator
--   does. An account that gets them for the first time, and that kura.yaml lists
--   neither under administrators nor under service_accounts, has been promoted, or
--   somebody uses an administrator's account that nobody knew of. Machine accounts
--   and those of Windows itself do not count. Benign: a new administrator, the
--   owner of a PC who is its local administrator: name him in kura.yaml or an allow
--   rule. Next: ad-group-change on the same account, and from where it came.
-- hit: ad-privileges.hit.log
-- miss: ad-privileges.miss.log
WITH given AS MATERIALIZED (
    SELECT SubjectUserName, SubjectUserSid, Computer, PrivilegeList,
           sum(events) AS events, min(first_ts) AS first_ts, max(last_ts) AS last_ts
    FROM windows_rollup
    WHERE EventID = 4672
    GROUP BY SubjectUserName, SubjectUserSid, Computer, PrivilegeList
), began AS MATERIALIZED (
    SELECT min(first_ts) AS ts FROM given
), account AS MATERIALIZED (
    SELECT *, account_name(SubjectUserName) AS account,
           row_number() OVER (PARTITION BY account_name(SubjectUserName)
                              ORDER BY first_ts, Computer, PrivilegeList) AS rank
    FROM given
    WHERE SubjectUserName NOT LIKE '%$'
      AND (SubjectUserSid IS NULL
           OR SubjectUserSid NOT IN ('S-1-5-18', 'S-1-5-19', 'S-1-5-20', 'S-1-5-7')
              AND SubjectUserSid NOT LIKE 'S-1-5-80-%'
              AND SubjectUserSid NOT LIKE 'S-1-5-82-%'
              AND SubjectUserSid NOT LIKE 'S-1-5-83-%'
              AND SubjectUserSid NOT LIKE 'S-1-5-90-%'
              AND SubjectUserSid NOT LIKE 'S-1-5-96-%'
              AND SubjectUserSid NOT LIKE 'S-1-5-111-%')
      AND admin_host(SubjectUserName, '') IS NULL
      AND NOT EXISTS (SELECT 1 FROM site_service_account AS s
                      WHERE account_name(s.account) = account_name(SubjectUserName))
)
SELECT a.account, min(a.SubjectUserName) AS SubjectUserName,
       max(iif(rank = 1, Computer, NULL)) AS Computer,
       max(iif(rank = 1, replace(PrivilegeList, ' ', ', '), NULL)) AS privileges,
       count(DISTINCT Computer) AS computers,
       CAST((min(a.first_ts) - began.ts) / 86400000000 AS INTEGER) AS learned,
       sum(a.events) AS events, min(a.first_ts) AS first_ts, max(a.last_ts) AS last_ts
FROM account AS a, began
WHERE a.account IS NOT NULL
GROUP BY a.account
HAVING min(a.first_ts) >= :from_ts
   AND min(a.first_ts) >= began.ts + :learn_days * 86400000000
ORDER BY a.account

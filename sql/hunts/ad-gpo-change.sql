-- title: Group policy changed by an unusual account
-- table: windows
-- needs: windows.ObjectDN, windows.AttributeLDAPDisplayName
-- window: 30d
-- stage: command-and-control, actions-on-objectives
-- attack: v19 T1484.001
-- level: high
-- tags: core
-- key: account, ObjectDN
-- why: {account}, who is no administrator of the site and changed no policy in the 30 days before, changed {ObjectDN} {events} times on {Computer} ({attributes})
-- evidence: windows: EventID IN (5136, 5137) AND ObjectDN = :ObjectDN AND SubjectUserName = :SubjectUserName
-- about: A group policy runs programs on every machine that it is linked to, which is
--   how ransomware is spread. Told is who changes a policy (groupPolicyContainer in
--   5136, 5137) or where one is linked (gPLink), is not listed under administrators
--   and has not done so for a month. gPCMachineExtensionNames: tasks or scripts were
--   added. Benign: a new colleague: list him. Next: the policy's folder in SYSVOL.
-- hit: ad-gpo-change.hit.log
-- miss: ad-gpo-change.miss.log
WITH change AS MATERIALIZED (
    SELECT SubjectUserName, ObjectDN, AttributeLDAPDisplayName, Computer,
           sum(events) AS events, min(first_ts) AS first_ts, max(last_ts) AS last_ts
    FROM windows_rollup
    WHERE EventID IN (5136, 5137) AND SubjectUserName NOT LIKE '%$'
      AND (ObjectClass = 'groupPolicyContainer' OR AttributeLDAPDisplayName = 'gPLink')
    GROUP BY SubjectUserName, ObjectDN, AttributeLDAPDisplayName, Computer
), unusual AS MATERIALIZED (
    SELECT account_name(SubjectUserName) AS account
    FROM change
    GROUP BY account_name(SubjectUserName)
    HAVING min(first_ts) >= :from_ts
)
SELECT account_name(SubjectUserName) AS account, ObjectDN,
       min(SubjectUserName) AS SubjectUserName, min(Computer) AS Computer,
       coalesce(group_concat(DISTINCT AttributeLDAPDisplayName), 'made') AS attributes,
       sum(events) AS events, min(first_ts) AS first_ts, max(last_ts) AS last_ts
FROM change
WHERE account_name(SubjectUserName) IN (SELECT account FROM unusual)
  AND admin_host(SubjectUserName, '') IS NULL
GROUP BY account_name(SubjectUserName), ObjectDN
ORDER BY account, ObjectDN

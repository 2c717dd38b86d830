-- title: Computer account made, renamed or reset by somebody who may not
-- table: windows
-- needs: windows.TargetUserName
-- stage: command-and-control
-- attack: v19 T1136.002, T1068, T1210
-- level: high
-- tags: core
-- key: kind, name, account
-- why: {account} {what} on {Computer} at {first_ts}
-- evidence: windows: EventID IN (4741, 4742, 4781) AND ts IN (:first_ts, :last_ts) AND :name IN (TargetUserName, OldTargetUserName, NewTargetUserName)
-- about: Any user may add ten machines to a domain (4741), and attacks begin so. A
--   computer account that loses its $ (4781) takes the name of a controller
--   (CVE-2021-42278). A controller's account that ANONYMOUS LOGON changed (4742) had
--   its password reset by Zerologon (CVE-2020-1472). Benign: a person who puts
--   machines into the domain for all: list him under administrators.
-- hit: ad-computer-account.hit.log
-- miss: ad-computer-account.miss.log
WITH change AS MATERIALIZED (
    SELECT ts, EventID, Computer, SubjectUserName, TargetUserName, OldTargetUserName,
           NewTargetUserName
    FROM windows
    WHERE ts >= :from_ts AND ts < :to_ts
      AND (EventID = 4741 AND SubjectUserName NOT LIKE '%$'
           OR EventID = 4781 AND OldTargetUserName LIKE '%$'
              AND NewTargetUserName NOT LIKE '%$'
           OR EventID = 4742 AND SubjectUserName = 'ANONYMOUS LOGON')
), told AS (
    SELECT ts, Computer, coalesce(SubjectUserName, 'somebody') AS account,
           CASE EventID WHEN 4741 THEN 'made' WHEN 4781 THEN 'renamed'
                        ELSE 'reset' END AS kind,
           coalesce(NewTargetUserName, TargetUserName) AS name, OldTargetUserName AS old
    FROM change
    WHERE EventID <> 4741
       OR admin_host(SubjectUserName, '') IS NULL
          AND account_name(SubjectUserName)
              NOT IN (SELECT account_name(account) FROM site_service_account)
)
SELECT kind, name, account, min(Computer) AS Computer,
       CASE kind WHEN 'made' THEN 'made the computer account ' || name
                 WHEN 'renamed' THEN 'renamed the computer account ' || min(old)
                      || ' to ' || name
                 ELSE 'changed the computer account ' || name END AS what,
       count(*) AS events, min(ts) AS first_ts, max(ts) AS last_ts
FROM told
GROUP BY kind, name, account
ORDER BY kind, name, account

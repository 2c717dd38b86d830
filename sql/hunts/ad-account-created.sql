-- title: Account made, and promoted, removed or hidden
-- table: windows
-- needs: windows.TargetUserName, windows.TargetSid
-- stage: command-and-control, actions-on-objectives
-- attack: v19 T1136.001, T1136.002, T1098.007
-- level: high
-- tags: core
-- param: hours integer 24 "what follows within so many hours counts"
-- key: account, Computer, kind
-- why: {by} made the account {account} on {Computer} at {first_ts}: {what}
-- evidence: windows: EventID IN (4720, 4728, 4732, 4756, 4726) AND :sid IN (TargetSid, MemberSid)
-- about: A new account (4720) that within a day joins another group than that of all
--   users, or is removed again (4726), or has a name that ends in $ so that lists of
--   users do not show it. Benign: a new employee who is put into the groups of his
--   department, from the desk that always does so: allow it by the column `by`.
--   Next: what the account did in between.
-- hit: ad-account-created.hit.log
-- miss: ad-account-created.miss.log
WITH made AS MATERIALIZED (
    SELECT ts, TargetUserName, TargetSid, Computer, SubjectUserName
    FROM windows
    WHERE ts >= :from_ts AND ts < :to_ts AND EventID = 4720
), after AS MATERIALIZED (
    SELECT ts, EventID, TargetUserName, TargetSid, MemberSid, Computer
    FROM windows
    WHERE ts >= :from_ts AND ts < :to_ts
      AND (EventID IN (4728, 4732, 4756) AND TargetSid NOT LIKE 'S-1-5-21-%-513'
           AND TargetSid <> 'S-1-5-32-545' OR EventID = 4726)
      AND (SELECT count(*) FROM made) > 0
), told AS (
    SELECT m.*, 'promoted' AS kind, a.TargetUserName AS what, a.ts AS last
    FROM made AS m
    JOIN after AS a ON a.EventID IN (4728, 4732, 4756) AND a.MemberSid = m.TargetSid
                   AND a.ts >= m.ts AND a.ts < m.ts + :hours * 3600000000
    UNION ALL
    SELECT m.*, 'removed', NULL, a.ts
    FROM made AS m
    JOIN after AS a ON a.EventID = 4726 AND a.TargetSid = m.TargetSid
                   AND a.ts >= m.ts AND a.ts < m.ts + :hours * 3600000000
    UNION ALL
    SELECT m.*, 'hidden', NULL, m.ts FROM made AS m WHERE TargetUserName LIKE '%$'
)
SELECT account_name(TargetUserName) AS account, Computer, kind, TargetSid AS sid,
       max(coalesce(SubjectUserName, 'somebody')) AS by,
       CASE kind WHEN 'promoted' THEN 'then it joined ' || group_concat(DISTINCT what)
                 WHEN 'removed' THEN 'it was removed '
                      || CAST((min(last) - min(ts)) / 60000000 AS INTEGER)
                      || ' minutes later'
                 ELSE 'lists of users do not show a name that ends in $' END AS what,
       count(*) AS events, min(ts) AS first_ts, max(last) AS last_ts
FROM told
GROUP BY account_name(TargetUserName), Computer, kind, TargetSid
ORDER BY account, Computer, kind, sid

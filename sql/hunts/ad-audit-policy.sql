-- title: Auditing switched off
-- table: windows
-- needs: windows.AuditPolicyChanges
-- stage: command-and-control
-- attack: v19 T1685.001
-- level: high
-- tags: core
-- key: Computer, account
-- why: {account} switched off auditing of {subcategories} subcategories on {Computer}, from {first_ts} on
-- evidence: windows: EventID = 4719 AND Computer = :Computer AND SubjectUserName IS :SubjectUserName
-- about: What is not audited leaves no trace: a change of the audit policy (4719) that
--   takes away success (%%8448) or failure (%%8450). ad-critical-event tells every
--   change; this one only those that hide something. Benign: a group policy that was
--   made anew, then the machine itself is the account, on all machines at once.
--   auditpol /get /category:* shows what is left.
-- hit: ad-audit-policy.hit.log
-- miss: ad-audit-policy.miss.log
WITH change AS MATERIALIZED (
    SELECT Computer, SubjectUserName, SubcategoryGuid, count(*) AS events,
           min(ts) AS first_ts, max(ts) AS last_ts
    FROM windows
    WHERE ts >= :from_ts AND ts < :to_ts AND EventID = 4719 AND Channel = 'Security'
      AND (AuditPolicyChanges LIKE '%8448%' OR AuditPolicyChanges LIKE '%8450%'
           OR AuditPolicyChanges LIKE '%removed%')
    GROUP BY Computer, SubjectUserName, SubcategoryGuid
)
SELECT Computer, coalesce(account_name(SubjectUserName), 'somebody') AS account,
       min(SubjectUserName) AS SubjectUserName,
       max(1, count(DISTINCT SubcategoryGuid)) AS subcategories, sum(events) AS events,
       min(first_ts) AS first_ts, max(last_ts) AS last_ts
FROM change
GROUP BY Computer, account
ORDER BY Computer, account

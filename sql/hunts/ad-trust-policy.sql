-- title: Trust or policy of the domain changed
-- table: windows
-- needs: windows.EventID
-- stage: command-and-control
-- attack: v19 T1484.002, T1484.001, T1098
-- level: high
-- tags: core
-- key: EventID, Computer, account
-- why: {what} on {Computer}, by {account}, at {first_ts}
-- evidence: windows: EventID = :EventID AND Computer = :Computer AND coalesce(SubjectUserName, 'nobody named') = :account
-- about: A trust (4706 made, 4707 removed, 4716 changed, 4865 to 4867 names of a trusted
--   forest), the Kerberos policy (4713), the domain policy (4739) and recovery of
--   encrypted files (4714): happens once in years, by plan. Benign: the plan.
-- hit: ad-trust-policy.hit.log
-- miss: ad-trust-policy.miss.log
WITH seen AS MATERIALIZED (
    SELECT EventID, Computer, SubjectUserName, sum(events) AS events,
           min(first_ts) AS first_ts, max(last_ts) AS last_ts
    FROM windows_rollup
    WHERE ts >= :from_ts AND ts < :to_ts AND Channel = 'Security'
      AND EventID IN (4706, 4707, 4713, 4714, 4716, 4739, 4865, 4866, 4867)
    GROUP BY EventID, Computer, SubjectUserName
)
SELECT EventID, Computer, coalesce(SubjectUserName, 'nobody named') AS account,
       CASE EventID WHEN 4706 THEN 'a trust to another domain was made'
                    WHEN 4707 THEN 'a trust was removed'
                    WHEN 4713 THEN 'the Kerberos policy was changed'
                    WHEN 4714 THEN 'the recovery policy was changed'
                    WHEN 4716 THEN 'a trust was changed'
                    WHEN 4739 THEN 'the domain policy was changed'
                    WHEN 4865 THEN 'names of a trusted forest were added'
                    WHEN 4866 THEN 'names of a trusted forest were removed'
                    ELSE 'names of a trusted forest were changed' END AS what,
       events, first_ts, last_ts
FROM seen
ORDER BY EventID, Computer, account

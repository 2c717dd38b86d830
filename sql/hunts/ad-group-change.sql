-- title: Member of a powerful group
-- table: windows
-- needs: windows.MemberSid, windows.TargetSid
-- stage: command-and-control, actions-on-objectives
-- attack: v19 T1098.007
-- level: high
-- tags: core
-- key: group_name, group_sid, member_sid, change
-- why: {account} {change} {member} {preposition} the group {group_name} on {Computer} at {first_ts}, {when_} working hours
-- evidence: windows: EventID = :EventID AND MemberSid IS :member_sid AND TargetSid IS :group_sid
-- about: Changes of the groups that rule the domain or a machine (administrators of
--   the domain, the forest, the schema, keys, policies, DNS; operators; remote
--   desktop): 4728, 4732, 4756 add, 4729, 4733, 4757 remove. Each should belong to a
--   request that somebody can show. Attackers add an account and take it out again.
--   Benign: administration as asked for. Next: ad-account-created on the member; what
--   the member did while it belonged.
-- hit: ad-group-change.hit.log
-- miss: ad-group-change.miss.log
WITH change AS MATERIALIZED (
    SELECT EventID, TargetUserName, TargetSid, MemberSid, MemberName, Computer,
           SubjectUserName, working, sum(events) AS events, min(first_ts) AS first_ts,
           max(last_ts) AS last_ts
    FROM windows_rollup
    WHERE ts >= :from_ts AND ts < :to_ts
      AND EventID IN (4728, 4729, 4732, 4733, 4756, 4757)
    GROUP BY EventID, TargetUserName, TargetSid, MemberSid, MemberName, Computer,
             SubjectUserName, working
), told AS (
    SELECT *, row_number() OVER (PARTITION BY EventID, TargetSid, TargetUserName,
                                              MemberSid
                                 ORDER BY first_ts, Computer) AS rank
    FROM change
    WHERE TargetSid REGEXP '^S-1-5-21-[0-9-]+-(498|512|516|518|519|520|521|526|527)$'
       OR TargetSid IN ('S-1-5-32-544', 'S-1-5-32-548', 'S-1-5-32-549',
                        'S-1-5-32-550', 'S-1-5-32-551', 'S-1-5-32-555',
                        'S-1-5-32-578', 'S-1-5-32-580')
       OR TargetUserName IN ('DnsAdmins', 'Group Policy Creator Owners',
                             'Exchange Windows Permissions',
                             'Exchange Trusted Subsystem', 'Organization Management')
)
SELECT TargetUserName AS group_name, TargetSid AS group_sid, MemberSid AS member_sid,
       iif(EventID IN (4728, 4732, 4756), 'added', 'removed') AS change,
       iif(EventID IN (4728, 4732, 4756), 'to', 'from') AS preposition,
       coalesce(max(nullif(MemberName, '-')), MemberSid) AS member, min(EventID) AS EventID,
       max(iif(rank = 1, coalesce(SubjectUserName, 'somebody'), NULL)) AS account,
       max(iif(rank = 1, Computer, NULL)) AS Computer,
       iif(max(iif(rank = 1, working, NULL)) = 1, 'in', 'outside') AS when_,
       sum(events) AS events, min(first_ts) AS first_ts, max(last_ts) AS last_ts
FROM told
GROUP BY TargetUserName, TargetSid, MemberSid, EventID IN (4728, 4732, 4756)
ORDER BY group_name, group_sid, member_sid, change

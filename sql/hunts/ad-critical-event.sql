-- title: Events that normal operation does not produce
-- table: windows
-- needs: windows.EventID
-- stage: command-and-control
-- attack: v19 T1685.001, T1685.005, T1134.005, T1098, T1558
-- level: high
-- tags: guide, core
-- reference: JPCERT/CC 2015, 5.5.2
-- key: EventID, Computer, account
-- why: event {EventID} on {Computer} ({meaning}), {events} times, by {account}; the guide rates it {criticality}
-- evidence: windows: EventID = :EventID AND Channel = 'Security' AND Computer IS :Computer AND coalesce(SubjectUserName, 'nobody named') = :account
-- about: The guide's list, from Microsoft's "Best Practices for Securing Active
--   Directory": monitored pattern (4618), replay (4649), audit policy (4719), SID
--   history (4765, 4766), restore mode password (4794), role separation (4897),
--   special groups (4964), OCSP responder (5124), log cleared (1102). Each must
--   belong to a change that somebody planned. Benign: 4719 by the machine itself
--   when a group policy is applied, 4964 after groups were put on watch on purpose.
-- hit: ad-critical-event.hit.log
-- miss: ad-critical-event.miss.log
WITH event (id, criticality, meaning) AS (VALUES
    (4618, 'high', 'a monitored security event pattern has occurred'),
    (4649, 'high', 'a replay attack was detected'),
    (4719, 'high', 'the audit policy was changed'),
    (4765, 'high', 'SID history was added to an account'),
    (4766, 'high', 'an attempt to add SID history to an account failed'),
    (4794, 'high', 'an attempt was made to set the restore mode password'),
    (4897, 'high', 'role separation was enabled'),
    (4964, 'high', 'special groups were assigned to a new log-on'),
    (5124, 'high', 'a security setting of the OCSP responder was changed'),
    (1102, 'medium to high', 'the security log was cleared')
), seen AS MATERIALIZED (
    SELECT EventID, Computer, SubjectUserName, sum(events) AS events,
           min(first_ts) AS first_ts, max(last_ts) AS last_ts
    FROM windows_rollup
    WHERE ts >= :from_ts AND ts < :to_ts AND Channel = 'Security'
      AND EventID IN (4618, 4649, 4719, 4765, 4766, 4794, 4897, 4964, 5124, 1102)
    GROUP BY EventID, Computer, SubjectUserName
)
SELECT s.EventID, s.Computer, coalesce(s.SubjectUserName, 'nobody named') AS account,
       e.criticality, e.meaning, s.events, s.first_ts, s.last_ts
FROM seen AS s JOIN event AS e ON e.id = s.EventID
ORDER BY s.EventID, s.Computer, account

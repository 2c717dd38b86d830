-- title: Event log cleared or stopped
-- table: windows
-- needs: windows.EventID
-- stage: command-and-control
-- attack: v19 T1685.005, T1685.001
-- level: high
-- tags: guide, core
-- reference: JPCERT/CC 2015, 5.5.1
-- param: restart_minutes integer 30 "a controller that stopped its log is up again after so many minutes"
-- key: Computer, EventID, log
-- why: {what} on {Computer} {events} time(s) by {account}, last at {last_ts}
-- evidence: windows: Computer IS :Computer AND EventID = :EventID AND ts IN (:first_ts, :last_ts)
-- about: A log that was cleared (1102 security, 104 any other) tells that somebody
--   with the rights of an administrator wanted something not to be read. The log
--   service that stops (1100) is every shutdown; it is told for a machine that
--   issues tickets (a controller) when Windows did not start within half an hour.
--   Benign: a machine that is made ready or retired. Next: what reached kura from
--   that machine before, what its neighbours saw then, who was logged on.
-- hit: ad-log-cleared.hit.log
-- miss: ad-log-cleared.miss.log
WITH controller AS MATERIALIZED (
    SELECT Computer FROM windows_rollup
    WHERE EventID IN (4768, 4769)
    GROUP BY Computer
), gone AS MATERIALIZED (
    SELECT ts, EventID, Computer, SubjectUserName, data ->> 'Channel' AS log
    FROM windows
    WHERE ts >= :from_ts AND ts < :to_ts
      AND (EventID = 1102 AND Channel = 'Security'
           OR EventID = 104 AND Channel = 'System'
           OR EventID = 1100 AND Channel = 'Security'
              AND Computer IN (SELECT Computer FROM controller))
), started AS MATERIALIZED (
    SELECT ts, Computer FROM windows WHERE EventID = 4608 AND Channel = 'Security'
), told AS (
    SELECT ts, EventID, Computer, SubjectUserName,
           CASE EventID WHEN 104 THEN coalesce(log, 'a log') ELSE 'Security' END AS log
    FROM gone AS g
    WHERE EventID <> 1100
       OR NOT EXISTS (SELECT 1 FROM started AS s
                      WHERE s.Computer = g.Computer AND s.ts >= g.ts
                        AND s.ts < g.ts + :restart_minutes * 60000000)
)
SELECT Computer, EventID, log,
       CASE EventID WHEN 1100 THEN 'the log service stopped and Windows did not start again'
                    ELSE 'the log ' || log || ' was cleared' END AS what,
       coalesce(max(SubjectUserName), 'nobody named') AS account,
       count(*) AS events, min(ts) AS first_ts, max(ts) AS last_ts
FROM told
GROUP BY Computer, EventID, log
ORDER BY Computer, EventID, log

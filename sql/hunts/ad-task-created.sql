-- title: Scheduled task that runs commands, is gone at once, or is new on a controller
-- table: windows
-- needs: windows.TaskName
-- window: 30d
-- stage: command-and-control, installation
-- attack: v19 T1053.005
-- level: high
-- tags: core
-- param: learn_days integer 7 "days of a controller's logs that there must be before something is new on it"
-- param: minutes integer 10 "a task that is removed within so many minutes is told"
-- key: Computer, TaskName
-- why: {account} made or changed the task {TaskName} on {Computer} at {first_ts}, which {what}: {command}
-- evidence: windows: EventID IN (4698, 4699, 4702) AND Computer = :Computer AND TaskName = :TaskName
-- about: Tasks (4698 made, 4702 changed, 4699 removed) run programs later, as another
--   account or on another machine. Told are those that start a shell, a script or a
--   program in a folder that anybody can write to, those that are removed minutes
--   later (remote execution by atexec), and on controllers those that no machine had
--   in the weeks before. Benign: updaters in the folders of a user, software
--   distribution. Next: who logged on to the machine just before.
-- hit: ad-task-created.hit.log
-- miss: ad-task-created.miss.log
WITH controller AS MATERIALIZED (
    SELECT Computer, min(first_ts) AS began
    FROM windows_rollup
    WHERE EventID IN (4768, 4769)
    GROUP BY Computer
), task AS MATERIALIZED (
    SELECT ts, EventID, Computer, TaskName, SubjectUserName,
           regexp_extract(coalesce(TaskContent, data ->> 'TaskContentNew'),
                          '(?is)<Command>(.*?)</Command>', 1)
           || coalesce(' ' || regexp_extract(coalesce(TaskContent,
                                                      data ->> 'TaskContentNew'),
                                             '(?is)<Arguments>(.*?)</Arguments>', 1), '')
               AS command
    FROM windows
    WHERE EventID IN (4698, 4699, 4702) AND Channel = 'Security'
), first AS MATERIALIZED (
    SELECT TaskName, min(ts) AS ts FROM task WHERE EventID = 4698 GROUP BY TaskName
), judged AS (
    SELECT t.*,
           t.command REGEXP '(?ix)%comspec% | \bcmd(\.exe)?\b | powershell | pwsh | mshta
               | rundll32 | regsvr32 | [wc]script(\.exe)?\b | certutil | bitsadmin
               | \\temp\\ | %temp% | \\users\\public\\ | %public% | \\perflogs\\
               | \\appdata\\(?!local\\microsoft\\onedrive) | \\admin\$ | https?://'
               AS odd,
           c.Computer IS NOT NULL AND t.EventID = 4698 AND f.ts = t.ts
               AND t.ts >= c.began + :learn_days * 86400000000 AS new,
           EXISTS (SELECT 1 FROM task AS g
                   WHERE g.EventID = 4699 AND t.EventID = 4698
                     AND g.Computer = t.Computer AND g.TaskName = t.TaskName
                     AND g.ts >= t.ts AND g.ts < t.ts + :minutes * 60000000) AS gone
    FROM task AS t
    LEFT JOIN first AS f ON f.TaskName = t.TaskName
    LEFT JOIN controller AS c ON c.Computer = t.Computer
    WHERE t.ts >= :from_ts AND t.ts < :to_ts AND t.EventID IN (4698, 4702)
)
SELECT Computer, TaskName,
       CASE WHEN max(odd) THEN 'runs what tasks seldom run'
            WHEN max(gone) THEN 'was removed within minutes'
            ELSE 'is new on a controller' END AS what,
       coalesce(max(SubjectUserName), 'somebody') AS account,
       coalesce(substr(max(command), 1, 200), 'no command is logged') AS command,
       count(*) AS events, min(ts) AS first_ts, max(ts) AS last_ts
FROM judged
WHERE odd OR new OR gone
GROUP BY Computer, TaskName
ORDER BY Computer, TaskName

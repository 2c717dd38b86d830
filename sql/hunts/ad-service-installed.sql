-- title: Service that runs commands, or is new on a controller
-- table: windows
-- needs: windows.ServiceName
-- window: 30d
-- stage: command-and-control, installation
-- attack: v19 T1543.003, T1569.002
-- level: high
-- tags: core
-- param: learn_days integer 7 "days of a controller's logs that there must be before something is new on it"
-- key: Computer, ServiceName
-- why: the service {ServiceName} was installed on {Computer} by {account} and {what}: {command}
-- evidence: windows: EventID IN (4697, 7045) AND Computer = :Computer AND ServiceName = :ServiceName
-- about: PsExec and its like, Metasploit and Impacket run commands on another machine
--   as a service that is there for a moment (4697 security, 7045 system log): shells,
--   scripts, programs in temporary folders, the administrative share of the machine
--   itself. On a controller any service that no machine had in the weeks before is
--   told. Benign: administrators who use PsExec, agents with odd installers. Next:
--   log-ons to the machine in the minute before (kura who on their address).
-- hit: ad-service-installed.hit.log
-- miss: ad-service-installed.miss.log
WITH controller AS MATERIALIZED (
    SELECT Computer, min(first_ts) AS began
    FROM windows_rollup
    WHERE EventID IN (4768, 4769)
    GROUP BY Computer
), installed AS MATERIALIZED (
    SELECT ts, Computer, ServiceName, coalesce(ServiceFileName, ImagePath) AS command,
           SubjectUserName
    FROM windows
    WHERE EventID = 4697 AND Channel = 'Security'
       OR EventID = 7045 AND Channel = 'System'
), first AS MATERIALIZED (
    SELECT ServiceName, min(ts) AS ts FROM installed GROUP BY ServiceName
), judged AS (
    SELECT i.*,
           i.command REGEXP '(?ix)%comspec% | \bcmd(\.exe)?["'']?\s+/[a-z] | powershell | pwsh
               | mshta | rundll32 | regsvr32 | [wc]script(\.exe)?\b | certutil | bitsadmin
               | \\\\127\.0\.0\.1\\ | \\admin\$ | \\temp\\ | %temp% | \\users\\public\\
               | \\appdata\\ | psexesvc | paexec | remcom | \\perflogs\\ | \\\$recycle
               | ^"?(%systemroot%|%windir%|[a-z]:\\windows)\\[^\\"]+\.exe' AS odd,
           c.Computer IS NOT NULL AND f.ts = i.ts
               AND i.ts >= c.began + :learn_days * 86400000000 AS new
    FROM installed AS i
    JOIN first AS f ON f.ServiceName = i.ServiceName
    LEFT JOIN controller AS c ON c.Computer = i.Computer
    WHERE i.ts >= :from_ts AND i.ts < :to_ts
)
SELECT Computer, ServiceName,
       iif(max(odd), 'runs what services do not run', 'is new on a controller') AS what,
       coalesce(max(nullif(SubjectUserName, '-')), 'somebody') AS account,
       coalesce(substr(max(command), 1, 200), 'no command is logged') AS command,
       count(*) AS events, min(ts) AS first_ts, max(ts) AS last_ts
FROM judged
WHERE odd OR new
GROUP BY Computer, ServiceName
ORDER BY Computer, ServiceName

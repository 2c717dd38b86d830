-- title: Administrator from another machine
-- table: windows
-- needs: windows.TargetUserName, site_admin
-- stage: command-and-control
-- attack: v19 T1078.002, T1021
-- level: high
-- tags: guide, core
-- reference: JPCERT/CC 2015, 5.5.1
-- param: min_events integer 1 "smallest number of events"
-- key: account, client
-- why: {account} asked to log on {events} times from {client}, which is none of its hosts ({failed} of them refused), on {computers} machine(s) such as {Computer}
-- evidence: windows: EventID IN (4624, 4625, 4768, 4776) AND TargetUserName = :TargetUserName AND :client IN (src_ip, machine_name(WorkstationName), machine_name(Workstation), machine_name(Computer))
-- about: Log-ons, refused log-ons, Kerberos and NTLM (4624, 4625, 4768, 4776) of the
--   accounts in site.administrators from hosts that the site does not list for
--   them. The address counts where the event has one; the name that a client
--   gives counts only without one, since anybody can give it. Benign: a new
--   machine of the administrator, a jump host or server from which he works on:
--   add it to kura.yaml. Next: who sat at that machine then (kura who), what it
--   talked to before, and where the account went from there.
-- hit: ad-admin-logon-host.hit.log
-- miss: ad-admin-logon-host.miss.log
WITH name AS MATERIALIZED (
    SELECT TargetUserName FROM windows_rollup
    WHERE ts >= :from_ts AND ts < :to_ts AND EventID IN (4624, 4625, 4768, 4776)
    GROUP BY TargetUserName
    HAVING admin_host(TargetUserName, '') IS NOT NULL
), tried AS MATERIALIZED (
    SELECT EventID, TargetUserName, Computer, Status,
           CASE WHEN ip_in(src_ip, '127.0.0.0/8 ::1') THEN NULL ELSE src_ip END
               AS address,
           coalesce(machine_name(WorkstationName), machine_name(Workstation))
               AS client_name,
           LogonType, sum(events) AS events, min(first_ts) AS first_ts,
           max(last_ts) AS last_ts
    FROM windows_rollup
    WHERE ts >= :from_ts AND ts < :to_ts AND EventID IN (4624, 4625, 4768, 4776)
      AND TargetUserName IN (SELECT TargetUserName FROM name)
    GROUP BY EventID, TargetUserName, Computer, Status, WorkstationName,
             Workstation, src_ip, LogonType
), placed AS (
    SELECT *, account_name(TargetUserName) AS account,
           coalesce(address, client_name,
                    iif(LogonType IN (2, 7, 11), machine_name(Computer), NULL))
               AS client
    FROM tried
)
SELECT account, client, min(TargetUserName) AS TargetUserName,
       min(Computer) AS Computer, count(DISTINCT Computer) AS computers,
       sum(events) AS events,
       sum(iif(EventID = 4625 OR EventID <> 4624 AND Status <> '0x0', events, 0))
           AS failed,
       min(first_ts) AS first_ts, max(last_ts) AS last_ts
FROM placed
WHERE client IS NOT NULL
  AND NOT (EventID <> 4768 AND client = machine_name(Computer)
           AND coalesce(LogonType, 3) NOT IN (2, 7, 11))
  AND NOT EXISTS (SELECT 1 FROM site_admin AS s
                  WHERE account_name(s.account) = placed.account
                    AND machine_name(s.host) = placed.client)
  AND admin_host(TargetUserName, client) = 0
GROUP BY account, client
HAVING sum(events) >= :min_events
ORDER BY account, client

-- title: A controller's account from an address that is no controller's
-- table: windows
-- needs: windows.TargetUserName, windows.src_ip, site_controller
-- stage: command-and-control
-- attack: v19 T1550.003, T1649, T1187
-- level: critical
-- tags: core
-- key: account, src_ip
-- why: {account}, the account of a controller, came {events} times from {src_ip}, which is no controller's address, on {Computer}
-- evidence: windows: EventID IN (4624, 4768, 4769) AND src_ip = :src_ip AND TargetUserName = :TargetUserName
-- about: The account of a controller may copy all passwords. It can only be used from
--   the controller itself; from anywhere else a ticket or certificate of it was
--   stolen, or its log-on was forced and relayed (PetitPotam, PrinterBug). Benign: a
--   second address of the controller: add it to kura.yaml. Next: ad-dcsync.
-- hit: ad-controller-account.hit.log
-- miss: ad-controller-account.miss.log
WITH used AS MATERIALIZED (
    SELECT TargetUserName, src_ip, Computer, sum(events) AS events,
           min(first_ts) AS first_ts, max(last_ts) AS last_ts
    FROM windows_rollup
    WHERE ts >= :from_ts AND ts < :to_ts AND EventID IN (4624, 4768, 4769)
      AND src_ip IS NOT NULL
      AND (TargetUserName LIKE '%$' OR TargetUserName LIKE '%$@%')
    GROUP BY TargetUserName, src_ip, Computer
)
SELECT account_name(TargetUserName) AS account, src_ip,
       min(TargetUserName) AS TargetUserName, min(Computer) AS Computer,
       sum(events) AS events, min(first_ts) AS first_ts, max(last_ts) AS last_ts
FROM used
WHERE machine_name(account_name(TargetUserName))
      IN (SELECT machine_name(name) FROM site_controller)
  AND src_ip NOT IN (SELECT address FROM site_controller WHERE address IS NOT NULL)
  AND NOT ip_in(src_ip, '127.0.0.0/8 ::1 fe80::/10')
GROUP BY account_name(TargetUserName), src_ip
ORDER BY account, src_ip

-- title: Tickets for many services, to guess their passwords
-- table: windows
-- needs: windows.ServiceName, windows.TicketEncryptionType
-- stage: command-and-control
-- attack: v19 T1558.003
-- level: high
-- tags: core
-- param: minutes integer 5 "within so many minutes"
-- param: min_services integer 5 "services with tickets in RC4 or DES"
-- param: min_any integer 15 "services, whatever the encryption"
-- key: account, client
-- why: {account} at {client} took tickets for {services} service accounts within {minutes} minutes, {weak} of them in RC4 or DES, such as {ServiceName}
-- evidence: windows: EventID = 4769 AND src_ip IS :client AND TargetUserName = :TargetUserName AND ServiceName NOT LIKE '%$'
-- about: Any account may ask for a ticket (4769) to any service and guess the
--   password of the service's account from it at home, fast when the ticket is in
--   RC4 (0x17). Machine accounts have passwords that nobody guesses. Benign: a
--   monitoring program or a server that talks to many services. Next: passwords of
--   the service accounts named, and what the asking machine ran then.
-- hit: ad-kerberoast.hit.log
-- miss: ad-kerberoast.miss.log
WITH ticket AS MATERIALIZED (
    SELECT ts, src_ip AS client, account_name(TargetUserName) AS account,
           TargetUserName, ServiceName,
           TicketEncryptionType IN ('0x17', '0x18', '0x1', '0x3') AS weak
    FROM windows
    WHERE ts >= :from_ts AND ts < :to_ts AND EventID = 4769 AND Status = '0x0'
      AND ServiceName NOT LIKE '%$' AND ServiceName <> 'krbtgt'
      AND ServiceName NOT LIKE 'krbtgt/%' AND TargetUserName NOT LIKE '%$@%'
), slot AS (
    SELECT *, ts / (:minutes * 60000000) * 2 AS slot FROM ticket
    UNION ALL
    SELECT *, (ts + :minutes * 30000000) / (:minutes * 60000000) * 2 + 1 FROM ticket
), burst AS MATERIALIZED (
    SELECT account, client, slot, min(TargetUserName) AS TargetUserName,
           count(DISTINCT ServiceName) AS services, min(ServiceName) AS ServiceName,
           count(DISTINCT iif(weak, ServiceName, NULL)) AS weak,
           count(*) AS events, min(ts) AS first_ts, max(ts) AS last_ts
    FROM slot
    GROUP BY account, client, slot
    HAVING count(DISTINCT iif(weak, ServiceName, NULL)) >= :min_services
        OR count(DISTINCT ServiceName) >= :min_any
)
SELECT account, client, min(TargetUserName) AS TargetUserName,
       max(services) AS services, max(weak) AS weak, min(ServiceName) AS ServiceName,
       :minutes AS minutes, max(events) AS events, min(first_ts) AS first_ts,
       max(last_ts) AS last_ts
FROM burst
GROUP BY account, client
ORDER BY account, client

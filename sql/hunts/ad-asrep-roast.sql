-- title: Ticket without a password before it
-- table: windows
-- needs: windows.PreAuthType, windows.TicketEncryptionType
-- stage: command-and-control
-- attack: v19 T1558.004
-- level: high
-- tags: core
-- key: account, client
-- why: {client} got a ticket for {account} without any proof of who asks ({events} times, encryption {TicketEncryptionType})
-- evidence: windows: EventID = 4768 AND PreAuthType = 0 AND src_ip IS :client AND TargetUserName = :TargetUserName
-- about: An account that needs no Kerberos preauthentication gives everybody a text
--   to guess its password from (4768 with PreAuthType 0); in RC4 (0x17) fast. No
--   account should be set so. Benign: an old system that cannot do better, always
--   from the same address. Next: who set the flag on the account (4738), and whether
--   the address asked for many names (ad-user-enumeration).
-- hit: ad-asrep-roast.hit.log
-- miss: ad-asrep-roast.miss.log
WITH ticket AS MATERIALIZED (
    SELECT TargetUserName, src_ip AS client, TicketEncryptionType,
           sum(events) AS events, min(first_ts) AS first_ts, max(last_ts) AS last_ts
    FROM windows_rollup
    WHERE ts >= :from_ts AND ts < :to_ts AND EventID = 4768 AND PreAuthType = 0
      AND Status = '0x0' AND ServiceName LIKE 'krbtgt%'
      AND TargetUserName NOT LIKE '%$'
    GROUP BY TargetUserName, src_ip, TicketEncryptionType
)
SELECT account_name(TargetUserName) AS account, client,
       min(TargetUserName) AS TargetUserName,
       group_concat(DISTINCT TicketEncryptionType) AS TicketEncryptionType,
       sum(events) AS events, min(first_ts) AS first_ts, max(last_ts) AS last_ts
FROM ticket
GROUP BY account_name(TargetUserName), client
ORDER BY account, client

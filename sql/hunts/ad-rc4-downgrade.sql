-- title: RC4 where there was AES before
-- table: windows
-- needs: windows.TicketEncryptionType, windows.ServiceName
-- window: 30d
-- stage: command-and-control
-- attack: v19 T1558.003, T1550.002
-- level: medium
-- tags: core
-- param: min_before integer 5 "tickets in AES that there must have been before"
-- key: kind, name
-- why: {what} {name} got {events} ticket(s) in RC4 from {first_ts} on, asked for by {client}; before there were {before} in AES and none in RC4
-- evidence: windows: EventID = :EventID AND TicketEncryptionType = '0x17' AND (EventID = 4768 AND TargetUserName = :original OR EventID = 4769 AND ServiceName = :original)
-- about: Windows asks for AES. A hash that was stolen gives RC4 (0x17), and RC4 is what
--   passwords are guessed from: of the account itself (4768, pass the key) or of a
--   service (4769, roasting of one service at a time). Benign: an old system or a Java
--   program that began to use the account. Next: which machine asked.
-- hit: ad-rc4-downgrade.hit.log
-- miss: ad-rc4-downgrade.miss.log
WITH ticket AS MATERIALIZED (
    SELECT EventID, iif(EventID = 4768, TargetUserName, ServiceName) AS original,
           TicketEncryptionType, src_ip, sum(events) AS events,
           min(first_ts) AS first_ts, max(last_ts) AS last_ts
    FROM windows_rollup
    WHERE EventID IN (4768, 4769) AND Status = '0x0'
      AND TicketEncryptionType IN ('0x11', '0x12', '0x17')
      AND (EventID = 4768 AND TargetUserName NOT LIKE '%$'
           OR EventID = 4769 AND ServiceName NOT LIKE '%$' AND ServiceName <> 'krbtgt')
    GROUP BY EventID, iif(EventID = 4768, TargetUserName, ServiceName),
             TicketEncryptionType, src_ip
), name AS MATERIALIZED (
    SELECT EventID, account_name(original) AS name, min(original) AS original,
           sum(iif(TicketEncryptionType = '0x17', 0, events)) AS before,
           min(iif(TicketEncryptionType = '0x17', NULL, first_ts)) AS aes_ts,
           sum(iif(TicketEncryptionType = '0x17', events, 0)) AS events,
           max(iif(TicketEncryptionType = '0x17', src_ip, NULL)) AS client,
           min(iif(TicketEncryptionType = '0x17', first_ts, NULL)) AS first_ts,
           max(iif(TicketEncryptionType = '0x17', last_ts, NULL)) AS last_ts
    FROM ticket
    GROUP BY EventID, account_name(original)
)
SELECT iif(EventID = 4768, 'account', 'service') AS kind, name, original, EventID,
       iif(EventID = 4768, 'the account', 'the service') AS what, before,
       coalesce(client, 'an unknown address') AS client, events, first_ts, last_ts
FROM name
WHERE events > 0 AND first_ts >= :from_ts AND before >= :min_before
  AND aes_ts <= first_ts - 86400000000
ORDER BY kind, name

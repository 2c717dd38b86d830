-- title: A nameless machine sends a file
-- table: mail
-- needs: mail.attachment_name, mail.client_ip
-- window: 30d
-- stage: delivery
-- attack: v19 T1566.001
-- level: medium
-- tags: plus
-- param: new_days integer 7 "an address first seen longer ago than so many days is known"
-- param: learn_days integer 7 "days of logs that there must be before, less than the window"
-- key: client_ip
-- why: {client_ip:defang}, an address without a name and never seen before, sent {attachment_name} as {envelope_from:defang}
-- about: Mail servers have names; a client that is "unknown" to the resolver, was never
--   seen before and sends an attachment is likely a rented or hijacked machine.
--   Benign: a small sender with broken reverse DNS. Next: what the attachment is,
--   and other mail of that address.
-- hit: mail-unresolved-client.hit.log
-- miss: mail-unresolved-client.miss.log
WITH client AS MATERIALIZED (
    SELECT client_ip, min(attachment_name) AS attachment_name,
           min(envelope_from) AS envelope_from, count(DISTINCT queue_id) AS messages,
           sum(events) AS events, min(first_ts) AS first_ts, max(last_ts) AS last_ts
    FROM mail_rollup
    WHERE ts >= :from_ts AND ts < :to_ts AND attachment_name IS NOT NULL
      AND client_name = 'unknown' AND is_internal(client_ip) = 0
    GROUP BY client_ip
), sighted AS MATERIALIZED (
    SELECT value, min(first_ts) AS first_seen_ts
    FROM sighting_rollup
    WHERE table_name = 'mail' AND observable = 'client_ip'
      AND value IN (SELECT client_ip FROM client)
    GROUP BY value
)
SELECT c.client_ip, c.attachment_name, c.envelope_from, c.messages, c.events,
       c.first_ts, c.last_ts
FROM client AS c JOIN sighted AS s ON s.value = c.client_ip
WHERE c.first_ts <= s.first_seen_ts + :new_days * 86400000000
  AND s.first_seen_ts >= :learn_days * 86400000000
      + (SELECT min(first_ts) FROM mail_rollup)
ORDER BY c.client_ip

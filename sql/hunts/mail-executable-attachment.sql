-- title: Programs sent by mail
-- table: mail
-- needs: mail.attachment_name
-- stage: delivery, exploitation
-- attack: v19 T1566.001, T1204.002
-- level: high
-- tags: guide, core
-- reference: JPCERT/CC 2015, 5.1.1
-- key: envelope_from, attachment_name
-- why: {envelope_from:defang} sent the program {attachment_name} in {messages} message(s), {recipients} recipient(s) named
-- about: Windows would run the attachment by its last extension, after decoding
--   and whatever stands before it. Mail servers log a header only when they are
--   told to (header_checks); a refused message is here too: it is an attempt.
--   Benign: a vendor who mails patches, developers among themselves; name them
--   in an allow rule. Next: was the message delivered (mail, same queue_id, status
--   sent), to whom, and did the recipient's machine talk to new hosts in the
--   hours after?
-- hit: mail-executable-attachment.hit.log
-- miss: mail-executable-attachment.miss.log
SELECT envelope_from, attachment_name, min(attachment_mime) AS attachment_mime,
       min(client_ip) AS client_ip, count(DISTINCT queue_id) AS messages,
       count(DISTINCT envelope_to) AS recipients, sum(events) AS events,
       min(first_ts) AS first_ts, max(last_ts) AS last_ts
FROM mail_rollup
WHERE ts >= :from_ts AND ts < :to_ts
  AND attachment_name IS NOT NULL AND is_executable_name(attachment_name)
GROUP BY envelope_from, attachment_name
ORDER BY envelope_from, attachment_name

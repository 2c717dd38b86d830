-- title: Attachment names that hide what they are
-- table: mail
-- needs: mail.attachment_name
-- stage: delivery, exploitation
-- attack: v19 T1566.001, T1036.002, T1036.007, T1204.002
-- level: high
-- tags: guide, core
-- reference: JPCERT/CC 2015, 5.1.1
-- key: envelope_from, attachment_name
-- why: {envelope_from:defang} sent {attachment_name}, which hides what it is: {reason}
-- about: A program whose name reads like a document: a second extension, characters
--   that turn the direction of writing, blanks that push the extension out of
--   sight. Hardly ever an accident. Benign: names that some programs make of
--   titles with dots; those end in the extension of a document. Next: find all
--   messages with that name and that sender, take them out of the mailboxes, and
--   ask the recipients whether they opened it.
-- hit: mail-deceptive-name.hit.log
-- miss: mail-deceptive-name.miss.log
SELECT envelope_from, attachment_name, deceptive_name(attachment_name) AS reason,
       min(client_ip) AS client_ip, count(DISTINCT queue_id) AS messages,
       count(DISTINCT envelope_to) AS recipients, sum(events) AS events,
       min(first_ts) AS first_ts, max(last_ts) AS last_ts
FROM mail_rollup
WHERE ts >= :from_ts AND ts < :to_ts
  AND attachment_name IS NOT NULL AND deceptive_name(attachment_name) IS NOT NULL
GROUP BY envelope_from, attachment_name
ORDER BY envelope_from, attachment_name

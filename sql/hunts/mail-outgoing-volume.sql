-- title: Unusual amounts of outgoing mail
-- table: mail
-- needs: mail.size, mail.envelope_to, site_mail_domain
-- window: 30d
-- stage: actions-on-objectives
-- attack: v19 T1048.003, T1041, T1114
-- level: high
-- tags: guide, core
-- reference: JPCERT/CC 2015, 4.2 (7) and 4.3
-- param: min_bytes integer 50000000 "bytes to the outside in a day from which a sender is looked at"
-- param: min_recipients integer 100 "outside recipients in a day from which a sender is looked at"
-- param: times real 3 "so many times the sender's own usual day"
-- param: usual real 0.9 "the usual day: this quantile of the sender's days of the 30 before"
-- param: learn_days integer 7 "days of logs that there must be before, less than the window"
-- key: envelope_from, day
-- why: {envelope_from} sent {bytes:size} in {messages} message(s) to {recipients} outside recipient(s) on {day}; usual are {usual_bytes:size} and {usual_recipients} recipient(s)
-- evidence: mail: envelope_from = :envelope_from AND action = 'queued'
-- about: Data that leaves by mail, or a mailbox that somebody else uses to write
--   to many. Counted is mail of our own domains to others that was sent; a message
--   to several outside recipients counts once for bytes. A sender is compared with
--   the days on which the same sender wrote to the outside before; one without
--   such days, with the floor alone (once there are logs of learn_days). Benign: newsletters, invoices at the end of
--   a month, a large drawing for a customer. Next: recipients and subjects of the
--   day, was the sender logged in from an address of his own (sasl_username,
--   client_ip), and where had the files come from.
-- hit: mail-outgoing-volume.hit.log
-- miss: mail-outgoing-volume.miss.log
WITH sender_day AS MATERIALIZED (
    -- Who may have sent enough, by what the queue manager says of all recipients.
    SELECT envelope_from, day, sum(sum_size) AS bytes, sum(sum_nrcpt) AS recipients,
           max(last_ts) AS last_ts
    FROM mail_rollup
    WHERE action = 'queued' AND envelope_from > ''
    GROUP BY envelope_from, day
), candidate AS MATERIALIZED (
    SELECT DISTINCT envelope_from
    FROM sender_day
    WHERE last_ts >= :from_ts
      AND julianday(day) - (SELECT julianday(min(day)) FROM sender_day) >= :learn_days
      AND (bytes >= :min_bytes OR recipients >= :min_recipients)
      AND EXISTS (SELECT 1 FROM site_mail_domain AS o
                  WHERE domain_under(mail_domain(envelope_from), o.domain))
), message AS MATERIALIZED (
    -- A retry is logged as queued again: the same id and size.
    SELECT host, queue_id, envelope_from, size, min(first_ts) AS first_ts,
           max(last_ts) AS last_ts
    FROM mail_rollup
    WHERE action = 'queued'
      AND envelope_from IN (SELECT envelope_from FROM candidate)
    GROUP BY host, queue_id, envelope_from, size
), delivery AS MATERIALIZED (
    -- What is handed to a filter on the server itself comes back under another id.
    SELECT host, queue_id, envelope_to, min(first_ts) AS first_ts
    FROM mail_rollup
    WHERE action = 'delivery' AND status = 'sent'
      AND queue_id IN (SELECT queue_id FROM message)
      AND coalesce(ip_in(relay_ip, '127.0.0.0/8 ::1'), 0) = 0
      AND NOT EXISTS (SELECT 1 FROM site_mail_domain AS o
                      WHERE domain_under(mail_domain(envelope_to), o.domain))
    GROUP BY host, queue_id, envelope_to
), left_us AS MATERIALIZED (
    -- Ids are used again after some time: a queue keeps a message five days.
    SELECT m.envelope_from, m.size, local_day(m.first_ts) AS day,
           count(*) AS recipients, min(m.first_ts) AS first_ts,
           max(d.first_ts) AS last_ts
    FROM message AS m
    JOIN delivery AS d ON d.queue_id = m.queue_id AND d.host IS m.host
                      AND d.first_ts >= m.first_ts - 60000000
                      AND d.first_ts < m.last_ts + 432000000000
    GROUP BY m.host, m.queue_id, m.envelope_from, m.size, m.first_ts
), day_sum AS MATERIALIZED (
    SELECT envelope_from, day, julianday(day) AS date, count(*) AS messages,
           sum(size) AS bytes, sum(recipients) AS recipients,
           min(first_ts) AS first_ts, max(last_ts) AS last_ts
    FROM left_us
    GROUP BY envelope_from, day
), judged AS (
    SELECT a.*, coalesce(quantile(p.bytes, :usual), 0) AS usual_bytes,
           coalesce(quantile(p.recipients, :usual), 0) AS usual_recipients
    FROM day_sum AS a
    LEFT JOIN day_sum AS p ON p.envelope_from = a.envelope_from
                          AND p.date < a.date AND p.date >= a.date - 30
    WHERE a.last_ts >= :from_ts
      AND a.date - (SELECT julianday(min(day)) FROM sender_day) >= :learn_days
      AND (a.bytes >= :min_bytes OR a.recipients >= :min_recipients)
    GROUP BY a.envelope_from, a.day
)
SELECT envelope_from, day, messages, bytes, recipients,
       CAST(usual_bytes AS INTEGER) AS usual_bytes,
       CAST(usual_recipients AS INTEGER) AS usual_recipients, first_ts, last_ts
FROM judged
WHERE (bytes >= :min_bytes AND bytes > :times * usual_bytes)
   OR (recipients >= :min_recipients AND recipients > :times * usual_recipients)
ORDER BY envelope_from, day

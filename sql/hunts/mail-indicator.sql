-- title: Mail that matches an indicator
-- table: mail
-- needs: indicator
-- stage: delivery, command-and-control, actions-on-objectives
-- attack: v19 T1566, T1583.001, T1071.003
-- level: high
-- tags: guide, core
-- reference: JPCERT/CC 2015, 4.3
-- key: value, number
-- why: {value:defang} ({fields}) matches indicator {number} ({type} {indicator:defang}, from {source}{expired}), {events} log line(s) from {first_ts} to {last_ts}
-- evidence: mail: envelope_from IS :value OR envelope_to IS :value OR header_from IS :value OR reply_to IS :value OR subject IS :value OR attachment_name IS :value OR client_ip IS :value OR client_name IS :value OR helo IS :value OR relay_ip IS :value
-- about: What somebody warned of stands in our mail log: a sender or his domain, a
--   subject, the name of an attachment, the client that delivered, or an address
--   that we wrote to. Refused mail is told as well. An expired indicator matches
--   with a mark. Benign: a widely used sender or file name on a careless list; see
--   the indicator's confidence and warning ('kura ioc list'). Next: recipients of
--   the same queue_id, then the proxy and DNS logs of their machines.
-- hit: mail-indicator.hit.log
-- miss: mail-indicator.miss.log
WITH text AS MATERIALIZED (
    SELECT 'envelope_from' AS field, 'email' AS kind, envelope_from AS value,
           events, first_ts, last_ts
    FROM mail_rollup WHERE ts >= :from_ts AND ts < :to_ts AND envelope_from > ''
    UNION ALL
    SELECT 'envelope_to', 'email', envelope_to, events, first_ts, last_ts
    FROM mail_rollup WHERE ts >= :from_ts AND ts < :to_ts AND envelope_to > ''
    UNION ALL
    SELECT 'header_from', 'email', header_from, events, first_ts, last_ts
    FROM mail_rollup WHERE ts >= :from_ts AND ts < :to_ts AND header_from > ''
    UNION ALL
    SELECT 'reply_to', 'email', reply_to, events, first_ts, last_ts
    FROM mail_rollup WHERE ts >= :from_ts AND ts < :to_ts AND reply_to > ''
    UNION ALL
    SELECT 'subject', 'subject', subject, events, first_ts, last_ts
    FROM mail_rollup WHERE ts >= :from_ts AND ts < :to_ts AND subject > ''
    UNION ALL
    SELECT 'attachment_name', 'filename', attachment_name, events, first_ts, last_ts
    FROM mail_rollup WHERE ts >= :from_ts AND ts < :to_ts AND attachment_name > ''
    UNION ALL
    SELECT 'client_ip', 'host', client_ip, events, first_ts, last_ts
    FROM mail_rollup WHERE ts >= :from_ts AND ts < :to_ts AND client_ip > ''
    UNION ALL
    SELECT 'client_name', 'host', client_name, events, first_ts, last_ts
    FROM mail_rollup WHERE ts >= :from_ts AND ts < :to_ts AND client_name > ''
    UNION ALL
    SELECT 'helo', 'host', helo, events, first_ts, last_ts
    FROM mail_rollup WHERE ts >= :from_ts AND ts < :to_ts AND helo > ''
    UNION ALL
    SELECT 'relay_ip', 'host', relay_ip, events, first_ts, last_ts
    FROM mail_rollup WHERE ts >= :from_ts AND ts < :to_ts AND relay_ip > ''
), matched AS MATERIALIZED (
    SELECT field, value, ioc(kind, value) AS number, events, first_ts, last_ts
    FROM text
    WHERE ioc(kind, value) IS NOT NULL
)
SELECT m.value, group_concat(DISTINCT m.field) AS fields, m.number, i.type,
       i.value AS indicator, i.source, i.confidence,
       CASE WHEN i.expires_at < max(m.last_ts) THEN ', expired' ELSE '' END AS expired,
       max(CASE m.field WHEN 'envelope_from' THEN m.value END) AS envelope_from,
       max(CASE m.field WHEN 'subject' THEN m.value END) AS subject,
       max(CASE m.field WHEN 'attachment_name' THEN m.value END) AS attachment_name,
       sum(m.events) AS events, min(m.first_ts) AS first_ts, max(m.last_ts) AS last_ts
FROM matched AS m JOIN indicator AS i ON i.number = m.number
GROUP BY m.value, m.number
ORDER BY m.value, m.number

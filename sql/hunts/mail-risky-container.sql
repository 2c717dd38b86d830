-- title: A new sender of containers that carry programs
-- table: mail
-- needs: mail.attachment_name
-- window: 90d
-- stage: delivery, exploitation
-- attack: v19 T1566.001, T1204.002, T1553.005
-- level: medium
-- tags: core
-- param: learn_days integer 7 "days of logs that there must be before, less than the window"
-- key: sender_domain, extension
-- why: {sender_domain:defang} sent {attachment_name}, the first .{extension} from that domain within 90 days, to {recipients} recipient(s) named
-- evidence: mail: envelope_from IS :envelope_from AND attachment_name IS :attachment_name
-- about: Images of disks, rare archives and documents with macros take programs past
--   filters and past the mark of the web. Most senders never use them; the first
--   one is worth a look. Programs themselves are in mail-executable-attachment.
--   Mail that our own machines send is left out. Benign: a partner who changed the
--   way of packing. Next: open it on an isolated machine; who has stored it?
-- hit: mail-risky-container.hit.log
-- miss: mail-risky-container.miss.log
WITH sent AS MATERIALIZED (
    SELECT envelope_from, attachment_name, lower(attachment_ext) AS extension,
           envelope_to, day, julianday(day) AS date, events, first_ts, last_ts,
           coalesce(registered_domain(mail_domain(envelope_from)), mail_domain(envelope_from)) AS sender_domain
    FROM mail_rollup
    WHERE ts < :to_ts AND attachment_name IS NOT NULL
      AND is_risky_container(attachment_name) = 1
      AND is_executable_name(attachment_name) = 0
      AND NOT (is_internal(client_ip) IS 1
               AND EXISTS (SELECT 1 FROM site_mail_domain AS o
                           WHERE domain_under(mail_domain(envelope_from), o.domain)))
), kind_day AS MATERIALIZED (
    SELECT sender_domain, extension, date, day, min(attachment_name) AS attachment_name,
           min(envelope_from) AS envelope_from,
           count(DISTINCT envelope_to) AS recipients, sum(events) AS events,
           min(first_ts) AS first_ts, max(last_ts) AS last_ts
    FROM sent
    WHERE sender_domain IS NOT NULL
    GROUP BY sender_domain, extension, date
), since AS (
    SELECT *, lag(date) OVER (PARTITION BY sender_domain, extension ORDER BY date) AS before
    FROM kind_day
)
SELECT sender_domain, extension, attachment_name, envelope_from, recipients, events,
       first_ts, last_ts
FROM since
WHERE last_ts >= :from_ts AND (before IS NULL OR before < date - 90)
  AND first_ts >= :learn_days * 86400000000
      + (SELECT min(first_ts) FROM mail_rollup)
ORDER BY sender_domain, extension, first_ts

-- title: A new domain writes to many
-- table: mail
-- needs: mail.envelope_from, mail.nrcpt
-- window: 30d
-- stage: delivery
-- attack: v19 T1566.001, T1566.002
-- level: medium
-- tags: plus
-- param: min_recipients integer 5 "smallest number of recipients"
-- param: within_minutes integer 30 "within so many minutes"
-- param: new_days integer 1 "a domain first seen longer ago than so many days is known"
-- param: learn_days integer 7 "days of logs that there must be before, less than the window"
-- key: sender_domain
-- why: {sender_domain:defang}, never seen before, wrote to {recipients} recipient(s) within {within} minutes from {first_ts}
-- evidence: mail: envelope_from IS :envelope_from
-- about: A campaign begins with a domain that nobody here had mail from. Only
--   messages that the server took count. Benign: a new mailing list, an invitation
--   to an event. Next: subject and attachments (same queue_id), then whether
--   recipients' machines went to a new host in the hours after.
-- hit: mail-first-seen-sender.hit.log
-- miss: mail-first-seen-sender.miss.log
WITH sighted AS MATERIALIZED (
    SELECT coalesce(registered_domain(mail_domain(value)), mail_domain(value)) AS domain,
           min(first_ts) AS first_seen_ts
    FROM sighting_rollup
    WHERE table_name = 'mail' AND observable IN ('envelope_from', 'header_from', 'envelope_to')
    GROUP BY 1
), fresh AS MATERIALIZED (
    SELECT s.domain, s.first_seen_ts
    FROM sighted AS s
    WHERE s.first_seen_ts >= :from_ts - :new_days * 86400000000
      AND s.first_seen_ts >= :learn_days * 86400000000
          + (SELECT min(first_ts) FROM mail_rollup)
), message AS MATERIALIZED (
    -- A retry is logged as queued again.
    SELECT coalesce(registered_domain(mail_domain(envelope_from)), mail_domain(envelope_from)) AS domain,
           host, queue_id, envelope_from, max(nrcpt) AS nrcpt, min(first_ts) AS first_ts
    FROM mail_rollup
    WHERE ts >= :from_ts AND ts < :to_ts AND action = 'queued' AND envelope_from > ''
      AND coalesce(registered_domain(mail_domain(envelope_from)), mail_domain(envelope_from))
          IN (SELECT domain FROM fresh)
    GROUP BY host, queue_id, envelope_from
), burst AS MATERIALIZED (
    SELECT m.domain, m.envelope_from, m.first_ts, f.first_seen_ts,
           sum(m.nrcpt) OVER soon AS recipients, max(m.first_ts) OVER soon AS last_ts
    FROM message AS m JOIN fresh AS f ON f.domain = m.domain
    WINDOW soon AS (PARTITION BY m.domain ORDER BY m.first_ts
                    RANGE BETWEEN CURRENT ROW AND :within_minutes * 60000000 FOLLOWING)
)
SELECT domain AS sender_domain, min(envelope_from) AS envelope_from,
       max(recipients) AS recipients, :within_minutes AS within,
       min(first_ts) AS first_ts, max(last_ts) AS last_ts
FROM burst
WHERE recipients >= :min_recipients
  AND first_ts <= first_seen_ts + :new_days * 86400000000
GROUP BY domain
ORDER BY domain

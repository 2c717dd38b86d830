-- title: A mailbox writes to the whole house
-- table: mail
-- needs: mail.envelope_to, mail.nrcpt, site_mail_domain
-- window: 30d
-- stage: delivery, command-and-control
-- attack: v19 T1534
-- level: medium
-- tags: plus
-- param: min_recipients integer 30 "smallest number of recipients of the house in an hour"
-- param: times real 1.5 "so many times the sender's own usual hour"
-- param: usual real 0.99 "the usual hour: this quantile of the sender's hours with mail of the 30 days before"
-- param: learn_days integer 7 "days of logs that there must be before, less than the window"
-- key: envelope_from, day
-- why: {envelope_from} wrote to {recipients} recipient(s) of the house within an hour on {day}, from {first_ts}; its busiest hours have {usual_recipients}
-- evidence: mail: envelope_from IS :envelope_from AND action = 'queued'
-- about: From a mailbox that was taken over the attacker goes on to colleagues, who
--   trust it. Compared with what the same mailbox did in an hour before. Benign: a
--   circular by somebody new to the task. Next: subject and attachments of the
--   messages, and from where the sender was logged in.
-- hit: mail-internal-burst.hit.log
-- miss: mail-internal-burst.miss.log
WITH sender_hour AS MATERIALIZED (
    SELECT envelope_from, day, hour, julianday(day) AS date,
           sum(sum_nrcpt) AS recipients, max(last_ts) AS last_ts
    FROM mail_rollup
    WHERE ts < :to_ts AND action = 'queued' AND envelope_from > ''
    GROUP BY envelope_from, day, hour
), candidate AS MATERIALIZED (
    SELECT envelope_from, day, hour, date
    FROM sender_hour AS a
    WHERE last_ts >= :from_ts AND recipients >= :min_recipients
      AND date - (SELECT min(date) FROM sender_hour) >= :learn_days
      AND EXISTS (SELECT 1 FROM site_mail_domain AS o
                  WHERE domain_under(mail_domain(a.envelope_from), o.domain))
), message AS MATERIALIZED (
    SELECT host, queue_id, envelope_from, min(first_ts) AS first_ts
    FROM mail_rollup
    WHERE ts < :to_ts AND action = 'queued'
      AND envelope_from IN (SELECT envelope_from FROM candidate)
      AND day IN (SELECT day FROM candidate)
    GROUP BY host, queue_id, envelope_from
), inside AS MATERIALIZED (
    SELECT m.envelope_from, local_day(m.first_ts) AS day, local_hour(m.first_ts) AS hour,
           count(DISTINCT d.envelope_to) AS recipients,
           count(DISTINCT m.queue_id) AS messages,
           min(m.first_ts) AS first_ts, max(m.first_ts) AS last_ts
    FROM message AS m
    JOIN (SELECT host, queue_id, envelope_to, first_ts FROM mail_rollup
          WHERE ts < :to_ts AND action = 'delivery'
            AND queue_id IN (SELECT queue_id FROM message)) AS d
      ON d.queue_id = m.queue_id AND d.host IS m.host
     AND d.first_ts >= m.first_ts - 60000000
     AND d.first_ts < m.first_ts + 86400000000
    WHERE EXISTS (SELECT 1 FROM site_mail_domain AS o
                  WHERE domain_under(mail_domain(d.envelope_to), o.domain))
    GROUP BY 1, 2, 3
    HAVING count(DISTINCT d.envelope_to) >= :min_recipients
), usual AS MATERIALIZED (
    SELECT c.envelope_from, c.day, c.hour, coalesce(quantile(p.recipients, :usual), 0) AS usual
    FROM candidate AS c
    LEFT JOIN sender_hour AS p ON p.envelope_from = c.envelope_from AND p.date < c.date
                              AND p.date >= c.date - 30
    GROUP BY c.envelope_from, c.day, c.hour
)
SELECT i.envelope_from, i.day, max(i.recipients) AS recipients,
       CAST(max(u.usual) AS INTEGER) AS usual_recipients, sum(i.messages) AS messages,
       min(i.first_ts) AS first_ts, max(i.last_ts) AS last_ts
FROM inside AS i
JOIN usual AS u ON u.envelope_from = i.envelope_from AND u.day = i.day AND u.hour = i.hour
WHERE i.recipients > :times * u.usual
GROUP BY i.envelope_from, i.day
ORDER BY i.envelope_from, i.day

-- title: A mailbox feeds one address outside
-- table: mail
-- needs: mail.envelope_to, mail.size, site_mail_domain
-- window: 14d
-- stage: actions-on-objectives
-- attack: v19 T1114.003, T1048.003
-- level: high
-- tags: core
-- param: min_days integer 5 "smallest number of days within 14"
-- param: min_bytes integer 1000000 "smallest number of bytes within those days"
-- key: envelope_from, envelope_to
-- why: {envelope_from} sent mail to {envelope_to:defang} on {days} of 14 days, {bytes:size} in {messages} message(s), and it never wrote back
-- evidence: mail: envelope_to IS :envelope_to AND action = 'delivery'
-- about: A forwarding rule, or somebody who takes work home bit by bit: one of our
--   mailboxes writes to one outside address day after day, nobody else here does,
--   and nothing ever comes back from there. Partners and domains used for work are
--   left out. Benign: reports to an address that only reads. Next: is there a rule
--   in the mailbox, whose address is it, and what do size and hour say.
-- hit: mail-quiet-forwarding.hit.log
-- miss: mail-quiet-forwarding.miss.log
WITH reached AS MATERIALIZED (
    SELECT envelope_to, day, julianday(day) AS date, max(last_ts) AS last_ts
    FROM mail_rollup
    WHERE ts < :to_ts AND action = 'delivery' AND status = 'sent' AND envelope_to > ''
    GROUP BY envelope_to, day
), often AS MATERIALIZED (
    SELECT DISTINCT envelope_to
    FROM (SELECT envelope_to, last_ts,
                 count(*) OVER (PARTITION BY envelope_to ORDER BY date
                                RANGE BETWEEN 13 PRECEDING AND CURRENT ROW) AS days
          FROM reached)
    WHERE last_ts >= :from_ts AND days >= :min_days
), outside AS MATERIALIZED (
    SELECT envelope_to, mail_domain(envelope_to) AS host
    FROM often AS a
    WHERE mail_domain(envelope_to) IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM site_mail_domain AS o
                      WHERE domain_under(mail_domain(a.envelope_to), o.domain))
      AND NOT EXISTS (SELECT 1 FROM site_partner AS o
                      WHERE domain_under(mail_domain(a.envelope_to), o.domain))
      AND NOT EXISTS (SELECT 1 FROM site_work_domain AS o
                      WHERE domain_under(mail_domain(a.envelope_to), o.domain))
), one_way AS MATERIALIZED (
    SELECT envelope_to FROM outside
    WHERE envelope_to NOT IN (
        SELECT value FROM sighting_rollup
        WHERE table_name = 'mail' AND observable IN ('envelope_from', 'header_from')
          AND value IN (SELECT envelope_to FROM outside))
), delivery AS MATERIALIZED (
    SELECT host, queue_id, envelope_to, day, min(first_ts) AS first_ts, max(last_ts) AS last_ts
    FROM mail_rollup
    WHERE ts < :to_ts AND action = 'delivery' AND status = 'sent'
      AND envelope_to IN (SELECT envelope_to FROM one_way)
    GROUP BY host, queue_id, envelope_to, day
), message AS MATERIALIZED (
    SELECT host, queue_id, envelope_from, size, min(first_ts) AS first_ts
    FROM mail_rollup
    WHERE ts < :to_ts AND action = 'queued' AND envelope_from > ''
      AND queue_id IN (SELECT queue_id FROM delivery)
    GROUP BY host, queue_id, envelope_from, size
), pair_day AS MATERIALIZED (
    -- Ids are used again after some time: a queue keeps a message five days.
    SELECT m.envelope_from, d.envelope_to, julianday(d.day) AS date,
           count(*) AS messages, sum(m.size) AS bytes, min(m.first_ts) AS first_ts,
           max(d.last_ts) AS last_ts
    FROM delivery AS d
    JOIN message AS m ON m.queue_id = d.queue_id AND m.host IS d.host
                     AND d.first_ts >= m.first_ts - 60000000
                     AND d.first_ts < m.first_ts + 432000000000
    GROUP BY m.envelope_from, d.envelope_to, d.day
), alone AS MATERIALIZED (
    SELECT envelope_to FROM pair_day GROUP BY envelope_to
    HAVING count(DISTINCT envelope_from) = 1
), period AS (
    SELECT a.envelope_from, a.envelope_to, count(*) AS days, sum(b.messages) AS messages,
           sum(b.bytes) AS bytes, min(b.first_ts) AS first_ts, max(b.last_ts) AS last_ts
    FROM pair_day AS a
    JOIN alone AS o ON o.envelope_to = a.envelope_to
    JOIN pair_day AS b ON b.envelope_from = a.envelope_from AND b.envelope_to = a.envelope_to
                      AND b.date <= a.date AND b.date > a.date - 14
    WHERE a.last_ts >= :from_ts
      AND EXISTS (SELECT 1 FROM site_mail_domain AS d
                  WHERE domain_under(mail_domain(a.envelope_from), d.domain))
    GROUP BY a.envelope_from, a.envelope_to, a.date
    HAVING count(*) >= :min_days AND sum(b.bytes) >= :min_bytes
)
SELECT envelope_from, envelope_to, max(days) AS days, max(messages) AS messages,
       max(bytes) AS bytes, min(first_ts) AS first_ts, max(last_ts) AS last_ts
FROM period
GROUP BY envelope_from, envelope_to
ORDER BY envelope_from, envelope_to

-- title: Answers go somewhere else
-- table: mail
-- needs: mail.reply_to, mail.header_from
-- window: 30d
-- stage: delivery
-- attack: v19 T1566
-- level: medium
-- tags: plus
-- param: new_days integer 7 "a domain first seen longer ago than so many days is known"
-- param: learn_days integer 7 "days of logs that there must be before, less than the window"
-- key: header_from, reply_to
-- why: mail of {header_from:defang} has its answers go to {reply_to:defang}: {reason}
-- evidence: mail: reply_to IS :reply_to
-- about: Whoever writes under a false sender needs another address for the answer.
--   Found are messages whose Reply-To is in another registered domain than the From
--   header, when that domain was never seen before in any address, or when the
--   sender shown is ours or a partner's and the mail came from outside. Benign: a
--   newly used mailing service, an event office. Next: did somebody answer (mail to
--   that address), and is the sender who he says.
-- hit: mail-reply-to.hit.log
-- miss: mail-reply-to.miss.log
WITH asking AS MATERIALIZED (
    SELECT host, queue_id, reply_to, client_ip, events, first_ts, last_ts,
           mail_domain(reply_to) AS reply_host,
           coalesce(registered_domain(mail_domain(reply_to)), mail_domain(reply_to)) AS reply_domain
    FROM mail_rollup
    WHERE ts >= :from_ts AND ts < :to_ts AND reply_to IS NOT NULL
      AND coalesce(registered_domain(mail_domain(reply_to)), mail_domain(reply_to))
          IS NOT coalesce(registered_domain(mail_domain(envelope_from)), mail_domain(envelope_from))
), outside AS MATERIALIZED (
    SELECT * FROM asking AS a
    WHERE reply_domain IS NOT NULL AND is_internal(client_ip) IS NOT 1
      AND NOT EXISTS (SELECT 1 FROM site_mail_domain AS o
                      WHERE domain_under(a.reply_host, o.domain))
), sender AS MATERIALIZED (
    SELECT host, queue_id, header_from, mail_domain(header_from) AS header_host,
           coalesce(registered_domain(mail_domain(header_from)), mail_domain(header_from)) AS header_domain,
           first_ts
    FROM mail_rollup
    WHERE ts >= :from_ts AND ts < :to_ts AND header_from IS NOT NULL
      AND queue_id IN (SELECT queue_id FROM outside)
), pair AS MATERIALIZED (
    SELECT s.header_from, a.reply_to, a.reply_domain, sum(a.events) AS events,
           min(a.first_ts) AS first_ts, max(a.last_ts) AS last_ts,
           max(EXISTS (SELECT 1 FROM site_mail_domain AS o WHERE domain_under(s.header_host, o.domain))
               OR EXISTS (SELECT 1 FROM site_partner AS o WHERE domain_under(s.header_host, o.domain))) AS is_known
    FROM outside AS a
    JOIN sender AS s ON s.queue_id = a.queue_id AND s.host IS a.host
                    AND abs(s.first_ts - a.first_ts) < 3600000000
    WHERE s.header_domain <> a.reply_domain
    GROUP BY s.header_from, a.reply_to
), sighted AS MATERIALIZED (
    SELECT coalesce(registered_domain(mail_domain(value)), mail_domain(value)) AS domain,
           min(first_ts) AS first_seen_ts
    FROM sighting_rollup
    WHERE table_name = 'mail'
      AND observable IN ('reply_to', 'envelope_from', 'header_from', 'envelope_to')
      AND coalesce(registered_domain(mail_domain(value)), mail_domain(value))
          IN (SELECT reply_domain FROM pair)
    GROUP BY 1
), begin AS MATERIALIZED (
    SELECT min(first_ts) AS ts FROM mail_rollup
), judged AS (
    SELECT p.*, p.first_ts <= s.first_seen_ts + :new_days * 86400000000
                AND s.first_seen_ts >= (SELECT ts FROM begin) + :learn_days * 86400000000 AS is_new
    FROM pair AS p JOIN sighted AS s ON s.domain = p.reply_domain
)
SELECT header_from, reply_to, reply_domain,
       CASE WHEN is_known AND is_new THEN 'the sender shown is ours or a partner, the domain was never seen'
            WHEN is_known THEN 'the sender shown is ours or a partner'
            ELSE 'its domain was never seen before' END AS reason,
       events, first_ts, last_ts
FROM judged
WHERE is_known OR is_new
ORDER BY header_from, reply_to

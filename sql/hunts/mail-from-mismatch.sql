-- title: Sender shown is not the sender
-- table: mail
-- needs: mail.header_from, mail.envelope_from
-- window: 30d
-- stage: delivery
-- attack: v19 T1566.001, T1566.002, T1684.001
-- level: medium
-- tags: guide, core
-- reference: JPCERT/CC 2015, 5.1.1
-- param: known_days integer 3 "a pair of domains seen on so many of the 30 days before is known"
-- param: service_days integer 5 "an envelope domain that carried several other domains, on so many days together, is a mailing service"
-- key: envelope_domain, header_from
-- why: {envelope_from:defang} sent mail that shows {header_from:defang} as its sender ({whose} domain), {events} times
-- evidence: mail: header_from IS :header_from AND envelope_from IS :envelope_from
-- about: The From header names one organisation, the envelope another: what the
--   reader sees is not who sent it. Registered domains are compared, so that
--   return addresses below the sender's own domain are no finding, and bounces
--   (an empty envelope sender) are none either. Pairs seen on several days
--   before are known, and so are envelope domains that carry the mail of many:
--   mailing lists and mailing services. Of those services only mail that shows
--   a domain of ours or of a partner is told. "own" and "partner" first: ask
--   the person shown by telephone, look for links and attachments of the same
--   queue_id, and for other recipients.
-- hit: mail-from-mismatch.hit.log
-- miss: mail-from-mismatch.miss.log
WITH seen AS MATERIALIZED (
    SELECT envelope_from, header_from, client_ip, day, events, first_ts, last_ts,
           mail_domain(envelope_from) AS envelope_host,
           mail_domain(header_from) AS header_host
    FROM mail_rollup
    WHERE header_from IS NOT NULL AND envelope_from > ''
), named AS MATERIALIZED (
    SELECT *, julianday(day) AS date,
           coalesce(registered_domain(envelope_host), envelope_host) AS envelope_domain,
           coalesce(registered_domain(header_host), header_host) AS header_domain
    FROM seen
), pair_day AS MATERIALIZED (
    SELECT DISTINCT envelope_domain, header_domain, date
    FROM named
    WHERE envelope_domain <> header_domain
), pair AS MATERIALIZED (
    -- What was known of both before each day, and whom else the envelope carried.
    SELECT envelope_domain, header_domain, date,
           count(*) OVER (PARTITION BY envelope_domain, header_domain ORDER BY date
                          RANGE BETWEEN 30 PRECEDING AND 1 PRECEDING) AS days,
           count(*) OVER carried AS carried,
           min(header_domain) OVER carried <> max(header_domain) OVER carried AS is_many
    FROM pair_day
    WINDOW carried AS (PARTITION BY envelope_domain ORDER BY date
                       RANGE BETWEEN 30 PRECEDING AND 1 PRECEDING)
), judged AS (
    SELECT a.*, p.days, coalesce(p.is_many, 0) AND p.carried >= :service_days AS is_service,
           CASE WHEN EXISTS (SELECT 1 FROM site_mail_domain AS o
                             WHERE domain_under(a.header_host, o.domain)) THEN 'own'
                WHEN EXISTS (SELECT 1 FROM site_partner AS o
                             WHERE domain_under(a.header_host, o.domain)) THEN 'partner'
                ELSE 'another' END AS whose
    FROM named AS a
    JOIN pair AS p ON p.envelope_domain = a.envelope_domain
                  AND p.header_domain = a.header_domain AND p.date = a.date
    WHERE a.last_ts >= :from_ts AND p.days < :known_days
      AND NOT (is_internal(a.client_ip) IS 1
               AND EXISTS (SELECT 1 FROM site_mail_domain AS o
                           WHERE domain_under(a.envelope_host, o.domain)))
)
SELECT envelope_domain, header_from, min(envelope_from) AS envelope_from,
       min(whose) AS whose, min(client_ip) AS client_ip, sum(events) AS events,
       min(first_ts) AS first_ts, max(last_ts) AS last_ts
FROM judged
WHERE whose <> 'another' OR NOT is_service
GROUP BY envelope_domain, header_from
ORDER BY envelope_domain, header_from

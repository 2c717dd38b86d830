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
-- param: service_brands integer 3 "an envelope domain that carried so many other domains before is a mailing service"
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
), asked AS MATERIALIZED (
    SELECT row_number() OVER (ORDER BY envelope_from, header_from, client_ip, date) AS id, *
    FROM named
    WHERE envelope_domain <> header_domain AND last_ts >= :from_ts
      AND NOT (is_internal(client_ip) IS 1
               AND EXISTS (SELECT 1 FROM site_mail_domain AS o
                           WHERE domain_under(envelope_host, o.domain)))
), past AS MATERIALIZED (
    SELECT a.id,
           count(DISTINCT p.date) FILTER (WHERE p.header_domain = a.header_domain) AS days,
           count(DISTINCT p.header_domain) AS brands
    FROM asked AS a
    JOIN pair_day AS p ON p.envelope_domain = a.envelope_domain
                      AND p.date < a.date AND p.date >= a.date - 30
    GROUP BY a.id
), judged AS (
    SELECT a.*, coalesce(p.days, 0) AS days, coalesce(p.brands, 0) AS brands,
           CASE WHEN EXISTS (SELECT 1 FROM site_mail_domain AS o
                             WHERE domain_under(a.header_host, o.domain)) THEN 'own'
                WHEN EXISTS (SELECT 1 FROM site_partner AS o
                             WHERE domain_under(a.header_host, o.domain)) THEN 'partner'
                ELSE 'another' END AS whose
    FROM asked AS a LEFT JOIN past AS p ON p.id = a.id
)
SELECT envelope_domain, header_from, min(envelope_from) AS envelope_from,
       min(whose) AS whose, min(client_ip) AS client_ip, sum(events) AS events,
       min(first_ts) AS first_ts, max(last_ts) AS last_ts
FROM judged
WHERE days < :known_days AND (whose <> 'another' OR brands < :service_brands)
GROUP BY envelope_domain, header_from
ORDER BY envelope_domain, header_from

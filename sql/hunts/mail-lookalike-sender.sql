-- title: Senders whose domain looks like ours
-- table: mail
-- needs: mail.envelope_from, site_mail_domain
-- stage: delivery, weaponization
-- attack: v19 T1566.001, T1566.002, T1583.001
-- level: high
-- tags: core
-- param: new_days integer 30 "a domain first seen longer ago than so many days is known"
-- key: sender_domain, resembles
-- why: mail came from {sender_domain:defang}, which looks like {resembles} ({reason}); {events} log line(s), first seen {first_seen_ts}
-- evidence: mail: envelope_from IS :envelope_from
-- about: A domain registered to be taken for ours or a partner's: a letter that reads
--   the same, another suffix, our name within a longer one. Envelope and From
--   header are both looked at, refused mail as well. A domain that has written for
--   longer than new_days is known. Benign: another company of that name, a
--   service that names its customers in its host names, a domain of ours that is
--   missing in mail_domains of kura.yaml. Next: all mail of that domain, who
--   answered, and block it; it is worth telling the partner.
-- hit: mail-lookalike-sender.hit.log
-- miss: mail-lookalike-sender.miss.log
WITH seen AS MATERIALIZED (
    SELECT envelope_from, header_from, events, first_ts, last_ts
    FROM mail_rollup
    WHERE ts >= :from_ts AND ts < :to_ts AND envelope_from > ''
), sender AS MATERIALIZED (
    SELECT host AS sender_domain, min(envelope_from) AS envelope_from,
           sum(events) AS events, min(first_ts) AS first_ts, max(last_ts) AS last_ts
    FROM (SELECT mail_domain(envelope_from) AS host, envelope_from, events,
                 first_ts, last_ts FROM seen
          UNION ALL
          SELECT mail_domain(header_from), envelope_from, events, first_ts, last_ts
          FROM seen
          WHERE mail_domain(header_from) <> mail_domain(envelope_from))
    WHERE host IS NOT NULL
    GROUP BY host
), ours AS MATERIALIZED (
    SELECT domain FROM site_mail_domain UNION SELECT domain FROM site_partner
), alike AS MATERIALIZED (
    SELECT *
    FROM (SELECT s.*, o.domain AS resembles, lookalike(s.sender_domain, o.domain) AS reason
          FROM sender AS s CROSS JOIN ours AS o) AS c
    WHERE reason IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM ours AS k
                      WHERE domain_under(c.sender_domain, k.domain))
), sighted AS MATERIALIZED (
    SELECT mail_domain(value) AS host, min(first_ts) AS first_seen_ts
    FROM sighting_rollup
    WHERE table_name = 'mail' AND observable IN ('envelope_from', 'header_from')
      AND mail_domain(value) IN (SELECT sender_domain FROM alike)
    GROUP BY 1
)
SELECT a.sender_domain, a.resembles, a.reason, a.envelope_from, a.events,
       coalesce(s.first_seen_ts, a.first_ts) AS first_seen_ts, a.first_ts, a.last_ts
FROM alike AS a LEFT JOIN sighted AS s ON s.host = a.sender_domain
WHERE a.first_ts <= coalesce(s.first_seen_ts, a.first_ts) + :new_days * 86400000000
ORDER BY a.sender_domain, a.resembles

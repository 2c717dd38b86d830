-- title: Strangers under a name of ours
-- table: mail
-- needs: mail.header_from, mail.header_from_name, site_mail_domain
-- window: 30d
-- stage: delivery
-- attack: v19 T1566, T1684.001
-- level: high
-- tags: core
-- param: new_days integer 7 "a sender first seen longer ago than so many days is known"
-- param: learn_days integer 7 "days of logs that there must be before, for names of colleagues; less than the window"
-- key: header_from, shown_name
-- why: {header_from:defang} shows the name {shown_name}: {reason}
-- evidence: mail: header_from IS :header_from
-- about: Readers see the name and not the address. Found is an outside sender whose
--   display name holds an address of ours or of a partner, and a sender new to us
--   who bears the exact name of a colleague who has written lately (names of at
--   least four characters that have a blank or are not Latin). Benign: a colleague
--   who writes from a private mailbox; services that send "for" somebody. Next:
--   ask the person by telephone; look at the Reply-To and at attachments.
-- hit: mail-display-name.hit.log
-- miss: mail-display-name.miss.log
WITH seen AS MATERIALIZED (
    SELECT DISTINCT header_from_name, mail_domain(header_from) AS host
    FROM mail_rollup
    WHERE header_from_name > '' AND header_from IS NOT NULL
), colleague AS MATERIALIZED (
    SELECT DISTINCT lower(replace(s.header_from_name, ' ', '')) AS name
    FROM seen AS s
    WHERE EXISTS (SELECT 1 FROM site_mail_domain AS o WHERE domain_under(s.host, o.domain))
      AND length(s.header_from_name) >= 4
      AND (s.header_from_name LIKE '% %' OR s.header_from_name REGEXP '[^\x00-\x7F]')
), stranger AS MATERIALIZED (
    SELECT header_from, header_from_name AS shown_name, name, host, shown_host,
           min(envelope_from) AS envelope_from, sum(events) AS events,
           min(first_ts) AS first_ts, max(last_ts) AS last_ts
    FROM (SELECT header_from, header_from_name, envelope_from, events, first_ts, last_ts,
                 mail_domain(header_from) AS host,
                 lower(replace(header_from_name, ' ', '')) AS name,
                 mail_domain(regexp_extract(header_from_name,
                             '[\w.+-]++@[\w-]++(?:\.[\w-]++)++')) AS shown_host
          FROM mail_rollup
          WHERE ts >= :from_ts AND ts < :to_ts AND header_from_name > ''
            AND header_from IS NOT NULL) AS s
    WHERE NOT EXISTS (SELECT 1 FROM site_mail_domain AS o WHERE domain_under(s.host, o.domain))
    GROUP BY header_from, header_from_name
), named AS MATERIALIZED (
    SELECT s.*,
           CASE WHEN EXISTS (SELECT 1 FROM site_mail_domain AS o
                             WHERE domain_under(s.shown_host, o.domain))
                THEN 'an address of ours'
                WHEN EXISTS (SELECT 1 FROM site_partner AS o
                             WHERE domain_under(s.shown_host, o.domain)
                               AND NOT domain_under(s.host, o.domain))
                THEN 'an address of a partner' END AS address,
           s.name IN (SELECT name FROM colleague) AS is_colleague
    FROM stranger AS s
), sighted AS MATERIALIZED (
    SELECT value, min(first_ts) AS first_seen_ts
    FROM sighting_rollup
    WHERE table_name = 'mail' AND observable = 'header_from'
      AND value IN (SELECT header_from FROM named WHERE is_colleague)
    GROUP BY value
), begin AS MATERIALIZED (
    SELECT min(first_ts) AS ts FROM mail_rollup
)
SELECT n.header_from, n.shown_name, n.envelope_from,
       coalesce(n.address, 'the name of a colleague, at an address new to us') AS reason,
       n.events, n.first_ts, n.last_ts
FROM named AS n
LEFT JOIN sighted AS s ON s.value = n.header_from
WHERE n.address IS NOT NULL
   OR (n.is_colleague
       AND n.first_ts <= s.first_seen_ts + :new_days * 86400000000
       AND s.first_seen_ts >= (SELECT ts FROM begin) + :learn_days * 86400000000)
ORDER BY n.header_from, n.shown_name

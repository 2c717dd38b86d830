-- title: Mail from a stranger, and then a place where nobody went before
-- table: mail, proxy
-- needs: mail.envelope_from, mail.envelope_to, proxy.src_ip, proxy.cs_host
-- stage: delivery, exploitation
-- attack: v19 T1566.002, T1204.001
-- level: medium
-- tags: core
-- param: minutes integer 60 "so long after the mail"
-- param: new_days integer 1 "a sender first seen longer ago than so many days is known"
-- param: learn_days integer 7 "days of mail and of proxy logs that there must be before"
-- param: max_clients integer 3 "most clients that went to the place in that time"
-- key: src_ip, domain, recipient
-- why: {recipient} got mail from {sender:defang}, never seen before, at {first_ts}; {waited} min later {src_ip}, where {account} was logged on, went to {domain:defang}, where nobody had been before
-- evidence: mail: envelope_from = :sender OR envelope_to = :recipient
-- evidence: proxy: src_ip = :src_ip AND (registered_domain = :domain OR cs_host = :domain)
-- about: A link or an attachment that was opened. Whose machine it is tells a log-on of
--   the recipient on that day (4624, 4768), or the user name at the proxy: without
--   either this hunt finds nothing. The account is what stands before the @. Benign:
--   a newsletter of a new supplier. Next: what was fetched there, and what the
--   machine did from then on (proxy-executable-fetch, proxy-beacon).
-- hit: mail-then-click.hit-mail.log
-- hit: mail-then-click.hit-proxy.log
-- hit: mail-then-click.hit-windows.log
-- miss: mail-then-click.miss-mail.log
-- miss: mail-then-click.miss-proxy.log
-- miss: mail-then-click.miss-windows.log
WITH sighted AS MATERIALIZED (
    SELECT coalesce(registered_domain(mail_domain(value)), mail_domain(value)) AS domain,
           min(first_ts) AS ts
    FROM sighting_rollup
    WHERE table_name = 'mail'
      AND observable IN ('envelope_from', 'header_from', 'envelope_to')
    GROUP BY 1
), stranger AS MATERIALIZED (
    SELECT domain, ts FROM sighted
    WHERE ts >= :from_ts - :new_days * 86400000000
      AND ts >= :learn_days * 86400000000
          + (SELECT min(first_ts) FROM sighting_rollup WHERE table_name = 'mail')
), message AS MATERIALIZED (
    SELECT host, queue_id, envelope_from, min(first_ts) AS ts,
           coalesce(registered_domain(mail_domain(envelope_from)),
                    mail_domain(envelope_from)) AS domain
    FROM mail_rollup
    WHERE ts >= :from_ts AND ts < :to_ts AND action = 'queued' AND envelope_from > ''
      AND coalesce(registered_domain(mail_domain(envelope_from)),
                   mail_domain(envelope_from)) IN (SELECT domain FROM stranger)
    GROUP BY host, queue_id, envelope_from
), delivered AS MATERIALIZED (
    SELECT host, queue_id, envelope_to, min(first_ts) AS ts
    FROM mail_rollup
    WHERE ts >= :from_ts AND ts < :to_ts AND status = 'sent'
      AND queue_id IN (SELECT queue_id FROM message)
    GROUP BY host, queue_id, envelope_to
), received AS MATERIALIZED (
    SELECT d.ts, d.envelope_to AS recipient, m.envelope_from AS sender,
           account_name(d.envelope_to) AS account, local_day(d.ts) AS day
    FROM delivered AS d
    JOIN message AS m ON m.host = d.host AND m.queue_id = d.queue_id
    JOIN stranger AS s ON s.domain = m.domain
    WHERE d.ts >= m.ts AND d.ts < m.ts + 86400000000
      AND m.ts <= s.ts + :new_days * 86400000000
), name AS MATERIALIZED (
    SELECT TargetUserName AS name FROM windows_rollup
    WHERE ts >= :from_ts AND ts < :to_ts AND EventID IN (4624, 4768)
    GROUP BY TargetUserName
    HAVING account_name(TargetUserName) IN (SELECT account FROM received)
), owner AS MATERIALIZED (
    SELECT account_name(TargetUserName) AS account, src_ip, day
    FROM windows_rollup
    WHERE ts >= :from_ts AND ts < :to_ts AND EventID IN (4624, 4768)
      AND TargetUserName IN (SELECT name FROM name) AND src_ip IS NOT NULL
      AND coalesce(Status, '0x0') = '0x0'
    GROUP BY TargetUserName, src_ip, day
    UNION
    SELECT account_name(cs_username), src_ip, day
    FROM proxy_rollup
    WHERE ts >= :from_ts AND ts < :to_ts AND cs_username IS NOT NULL
      AND day IN (SELECT day FROM received)
    GROUP BY cs_username, src_ip, day
), place AS MATERIALIZED (
    SELECT coalesce(registered_domain(value), value) AS domain, min(first_ts) AS ts
    FROM sighting_rollup
    WHERE table_name = 'proxy' AND observable = 'cs_host'
    GROUP BY 1
    HAVING min(first_ts) >= :from_ts
       AND min(first_ts) >= :learn_days * 86400000000
           + (SELECT min(first_ts) FROM sighting_rollup WHERE table_name = 'proxy')
), visit AS MATERIALIZED (
    SELECT src_ip, coalesce(registered_domain(cs_host), cs_host) AS domain,
           min(first_ts) AS ts, max(last_ts) AS last_ts, sum(events) AS events
    FROM proxy_rollup
    WHERE ts >= :from_ts AND ts < :to_ts
      AND coalesce(registered_domain(cs_host), cs_host) IN (SELECT domain FROM place)
    GROUP BY src_ip, coalesce(registered_domain(cs_host), cs_host)
), early AS MATERIALIZED (
    -- Who went there before anybody could know the place.
    SELECT v.*, count(*) OVER (PARTITION BY v.domain) AS clients
    FROM visit AS v JOIN place AS p ON p.domain = v.domain
    WHERE v.ts < p.ts + :minutes * 60000000
)
SELECT v.src_ip, v.domain, r.recipient, min(r.sender) AS sender,
       min(r.account) AS account, CAST(min(v.ts - r.ts) / 60000000 AS INTEGER) AS waited,
       max(v.events) AS events, max(r.ts) AS first_ts, max(v.last_ts) AS last_ts
FROM received AS r
JOIN owner AS o ON o.account = r.account AND o.day = r.day
JOIN early AS v ON v.src_ip = o.src_ip AND v.ts >= r.ts
               AND v.ts < r.ts + :minutes * 60000000
WHERE v.clients <= :max_clients
GROUP BY v.src_ip, v.domain, r.recipient
ORDER BY v.src_ip, v.domain, r.recipient

-- title: Names that carry data
-- table: dns
-- needs: dns.src_ip, dns.query
-- window: 14d
-- stage: command-and-control, actions-on-objectives
-- attack: v19 T1071.004, T1132.001
-- level: high
-- tags: core
-- param: min_names integer 30 "different names of a domain by one client in a day"
-- param: max_clients integer 5 "most clients that ask for the domain"
-- param: min_label real 30 "bytes of the longest label, on average"
-- param: min_coded real 0.5 "share of names with 24 letters and digits in a row"
-- param: min_entropy real 4.0 "bits per character below the domain, on average"
-- param: min_odd real 0.2 "share of TXT, NULL, MX, CNAME, SRV and KEY"
-- key: src_ip, registered_domain
-- why: {src_ip} asked for {names} names below {registered_domain:defang}: labels of {label} bytes, {coded} % coded, {entropy} bits per character, {odd} % of rare types, such as {query:defang}
-- about: Long labels, and one of: runs of letters and digits as in hexadecimal or base32, more
--   bits per character than words have, types of record that can carry an answer of any
--   form. Left out are the same domains as in
--   dns-tunnel-count, and block lists.
--   Benign: an antivirus that one machine has, certificates that are validated by TXT.
--   Next: the answers, if the log has them; which program asks; how much in all.
-- hit: dns-tunnel-shape.hit.log
-- miss: dns-tunnel-shape.miss.log
WITH own AS MATERIALIZED (
    SELECT domain FROM site_mail_domain
    UNION SELECT registered_domain(name) FROM site_controller
    WHERE registered_domain(name) IS NOT NULL
    UNION SELECT domain FROM site_work_domain),
outside AS MATERIALIZED (
    SELECT registered_domain, count(*) AS clients FROM (
        SELECT registered_domain, src_ip FROM dns_rollup
        WHERE ts >= :from_ts - 14 * 86400000000 AND ts < :to_ts
          AND registered_domain NOT LIKE '%.arpa'
        GROUP BY registered_domain, src_ip)
    GROUP BY registered_domain
    HAVING count(*) <= :max_clients
       AND NOT EXISTS (SELECT 1 FROM own WHERE domain_under(registered_domain, domain))),
pair AS MATERIALIZED (
    SELECT src_ip, registered_domain, day FROM dns_rollup
    WHERE ts >= :from_ts AND ts < :to_ts
      AND registered_domain IN (SELECT registered_domain FROM outside)
    GROUP BY src_ip, registered_domain, day
    HAVING sum(events) >= :min_names),
name AS MATERIALIZED (
    SELECT src_ip, registered_domain, day, query, sum(events) AS events,
           sum(iif(record_type IN ('TXT', 'NULL', 'MX', 'CNAME', 'SRV', 'KEY'),
                   events, 0)) AS odd,
           min(first_ts) AS first_ts, max(last_ts) AS last_ts
    FROM dns_rollup
    WHERE ts >= :from_ts AND ts < :to_ts
      AND registered_domain IN (SELECT registered_domain FROM pair)
      AND src_ip IN (SELECT src_ip FROM pair)
    GROUP BY src_ip, registered_domain, day, query),
daily AS MATERIALIZED (
    SELECT src_ip, registered_domain, day, count(*) AS names, max(query) AS query,
           avg(longest_label(query)) AS label,
           avg(subdomain(query) REGEXP '(?i)(?=[a-z]*[0-9][a-z]*[0-9])[a-z0-9]{24}') AS coded,
           avg(entropy(subdomain(query))) AS entropy,
           1.0 * sum(odd) / sum(events) AS odd,
           sum(events) AS events, min(first_ts) AS first_ts, max(last_ts) AS last_ts
    FROM name
    WHERE subdomain(query) IS NOT NULL
      AND NOT query REGEXP '(?i)^(([0-9]{1,3}\.){4}|([0-9a-f]\.){32})'
    GROUP BY src_ip, registered_domain, day
    HAVING count(*) >= :min_names),
best AS (
    SELECT *, row_number() OVER (PARTITION BY src_ip, registered_domain
                                 ORDER BY names DESC, day) AS place,
           sum(events) OVER pair AS all_events,
           min(first_ts) OVER pair AS begun, max(last_ts) OVER pair AS ended
    FROM daily
    WHERE label >= :min_label
      AND (coded >= :min_coded OR entropy >= :min_entropy OR odd >= :min_odd)
    WINDOW pair AS (PARTITION BY src_ip, registered_domain))
SELECT src_ip, registered_domain, names, round(label, 1) AS label,
       round(100 * coded) AS coded, round(entropy, 2) AS entropy, round(100 * odd) AS odd, query, day,
       all_events AS events, begun AS first_ts, ended AS last_ts
FROM best WHERE place = 1
ORDER BY src_ip, registered_domain

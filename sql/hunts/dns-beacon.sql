-- title: A name is asked for by the clock
-- table: dns
-- needs: dns.src_ip, dns.query
-- window: 14d
-- stage: command-and-control, exploitation
-- attack: v19 T1071.004
-- level: medium
-- tags: core
-- param: min_events integer 10 "smallest number of questions for a domain in a day"
-- param: max_clients integer 5 "most clients that ask for the domain"
-- param: min_beacon real 0.7 "smallest beacon_score of a day"
-- param: min_score real 0.85 "smallest score with what is added for rare and new"
-- param: new_days integer 7 "days for which a domain is new"
-- param: old_days integer 30 "days after which a domain is old"
-- key: src_ip, registered_domain
-- why: {src_ip} asks for {registered_domain:defang} every {period_s:duration} (± {jitter} %), {checkins} times in {span_h} h, {on_beat} % on beat; {days} days; score {score} = {beacon} {terms}
-- about: As proxy-beacon, for questions of one client about one domain; questions within 5
--   seconds (A and AAAA) are one. Added are 0.15 for a domain of one or two clients and
--   0.15 when it was first seen within a week; 0.15 are taken off when it is known for a
--   month. A cache asks again when an answer expires, so a page that stays open shows a
--   rhythm too: a period of 60, 300 or 3600 seconds to the second is a TTL.
--   Clients that use the proxy ask only for what they reach without it.
--   Next: proxy-beacon; the firewall; which program asks.
-- hit: dns-beacon.hit.log
-- miss: dns-beacon.miss.log
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
    HAVING sum(events) >= :min_events
       AND max(last_ts) - min(first_ts) >= 1200 * 1000000),
scored AS MATERIALIZED (
    SELECT src_ip, registered_domain, day, beacon_score(ts, NULL) AS b,
           count(*) AS events, min(ts) AS first_ts, max(ts) AS last_ts
    FROM dns
    WHERE ts >= :from_ts AND ts < :to_ts
      AND registered_domain IN (SELECT registered_domain FROM pair)
      AND (src_ip, registered_domain, day)
          IN (SELECT src_ip, registered_domain, day FROM pair)
    GROUP BY src_ip, registered_domain, day),
beacon AS MATERIALIZED (
    SELECT * FROM scored WHERE b ->> 'score' >= :min_beacon),
seen AS MATERIALIZED (
    SELECT value, min(first_ts) AS seen FROM sighting_rollup
    WHERE table_name = 'dns' AND observable = 'registered_domain'
      AND value IN (SELECT registered_domain FROM beacon)
    GROUP BY value),
begin AS MATERIALIZED (
    SELECT min(first_ts) AS ts FROM sighting_rollup WHERE table_name = 'dns'),
term AS MATERIALIZED (
    SELECT src_ip, registered_domain, day, b, events, first_ts, last_ts,
           seen AS seen_ts, clients, iif(clients <= 2, 0.15, 0) AS rare,
           CASE WHEN first_ts - seen > :old_days * 86400000000 THEN -0.15
                WHEN first_ts - seen <= :new_days * 86400000000
                 AND seen - (SELECT ts FROM begin) > :new_days * 86400000000 THEN 0.15
                ELSE 0 END AS new
    FROM beacon JOIN outside USING (registered_domain)
    LEFT JOIN seen ON seen.value = registered_domain),
found AS MATERIALIZED (
    SELECT *, (b ->> 'score') + rare + new AS total FROM term),
best AS (
    SELECT *, row_number() OVER (PARTITION BY src_ip, registered_domain
                                 ORDER BY total DESC, day) AS place,
           count(*) OVER pair AS days, sum(events) OVER pair AS all_events,
           min(first_ts) OVER pair AS begun, max(last_ts) OVER pair AS ended
    FROM found WHERE total >= :min_score
    WINDOW pair AS (PARTITION BY src_ip, registered_domain))
SELECT src_ip, registered_domain, round(min(1, total), 2) AS score,
       round(b ->> 'score', 2) AS beacon,
       printf('%+.2f (%d clients) %+.2f (first seen %s)', rare, clients, new,
              coalesce(substr(local_time(seen_ts), 1, 10), 'never')) AS terms,
       round(b ->> 'period_s') AS period_s, round(100 * (b ->> 'jitter')) AS jitter,
       round(100 * (b ->> 'on_beat')) AS on_beat, b ->> 'checkins' AS checkins,
       round(b ->> 'span_h', 1) AS span_h, day, days, all_events AS events,
       begun AS first_ts, ended AS last_ts
FROM best WHERE place = 1
ORDER BY src_ip, registered_domain

-- title: A program calls home by the clock
-- table: proxy
-- needs: proxy.src_ip, proxy.cs_host
-- window: 14d
-- stage: command-and-control, exploitation, actions-on-objectives
-- attack: v19 T1071.001
-- level: high
-- tags: core
-- param: min_events integer 10 "smallest number of requests to a host in a day"
-- param: min_beacon real 0.7 "smallest beacon_score of a day"
-- param: min_score real 0.85 "smallest score with what is added for rare and new"
-- param: rare_share real 0.02 "share of all clients that makes a host rare"
-- param: common_share real 0.5 "share of all clients from which a host is not looked at"
-- param: new_days integer 7 "days for which a host is new"
-- param: old_days integer 30 "days after which a host is old"
-- key: src_ip, cs_host
-- why: {src_ip} calls {cs_host:defang} every {period_s:duration} (± {jitter} %), {checkins} times in {span_h} h, {on_beat} % on beat, {size}; {days} days; score {score} = {beacon} {terms}
-- about: beacon_score (docs/functions.md) of the requests of one client to one host on one
--   day, by the time at which they began; the best day is told. Added are 0.15 when the host
--   has one or two clients or 2 % of all, 0.15 when it was first seen within a week, 0.15 when
--   the user agent is one of two clients or fewer, 0.10 when the host is an address;
--   0.15 are taken off when it is known for a month. `terms` shows each.
--   Benign: updaters, messengers, pages that reload themselves. They are old, and more
--   than one client has them: name them in an allow rule, or as work_domains.
--   Next: method and URL of the requests; when it began; what the client fetched just before.
-- hit: proxy-beacon.hit.log
-- miss: proxy-beacon.miss.log
WITH host AS MATERIALIZED (
    SELECT cs_host, count(*) AS clients FROM (
        SELECT cs_host, src_ip FROM proxy_rollup
        WHERE ts >= :from_ts - 14 * 86400000000 AND ts < :to_ts AND cs_host IS NOT NULL
        GROUP BY cs_host, src_ip)
    GROUP BY cs_host),
everybody AS MATERIALIZED (
    SELECT count(*) AS n FROM (
        SELECT src_ip FROM proxy_rollup
        WHERE ts >= :from_ts - 14 * 86400000000 AND ts < :to_ts GROUP BY src_ip)),
pair AS MATERIALIZED (
    SELECT src_ip, cs_host, day FROM proxy_rollup
    WHERE ts >= :from_ts AND ts < :to_ts
      AND cs_host IN (
          SELECT cs_host FROM host
          WHERE (clients < 5 OR clients < :common_share * (SELECT n FROM everybody))
            AND NOT EXISTS (SELECT 1 FROM site_work_domain
                            WHERE domain_under(cs_host, domain)))
    GROUP BY src_ip, cs_host, day
    HAVING sum(events) >= :min_events
       AND max(last_ts) - min(first_ts) >= 1200 * 1000000),
scored AS MATERIALIZED (
    SELECT src_ip, cs_host, day,
           beacon_score(ts - coalesce(elapsed_ms, 0) * 1000,
                        coalesce(cs_bytes, sc_bytes)) AS b,
           max(c_useragent) AS agent, count(*) AS events,
           min(ts) AS first_ts, max(ts) AS last_ts
    FROM proxy
    WHERE ts >= :from_ts AND ts < :to_ts
      AND cs_host IN (SELECT cs_host FROM pair)
      AND (+src_ip, +cs_host, +day) IN (SELECT src_ip, cs_host, day FROM pair)
    GROUP BY src_ip, cs_host, day),
beacon AS MATERIALIZED (
    SELECT * FROM scored WHERE b ->> 'score' >= :min_beacon),
seen AS MATERIALIZED (
    SELECT value, min(first_ts) AS seen FROM sighting_rollup
    WHERE table_name = 'proxy' AND observable = 'cs_host'
      AND value IN (SELECT cs_host FROM beacon)
    GROUP BY value),
begin AS MATERIALIZED (
    SELECT min(first_ts) AS ts FROM sighting_rollup WHERE table_name = 'proxy'),
agents AS MATERIALIZED (
    SELECT c_useragent, count(*) AS users FROM (
        SELECT c_useragent, src_ip FROM proxy_rollup
        WHERE ts >= :from_ts AND ts < :to_ts
          AND c_useragent IN (SELECT agent FROM beacon)
        GROUP BY c_useragent, src_ip)
    GROUP BY c_useragent),
term AS MATERIALIZED (
    SELECT src_ip, cs_host, day, b, events, first_ts, last_ts,
           seen AS seen_ts, clients, (SELECT n FROM everybody) AS all_clients,
           iif(clients <= max(2, :rare_share * (SELECT n FROM everybody)), 0.15, 0) AS rare,
           CASE WHEN first_ts - seen > :old_days * 86400000000 THEN -0.15
                WHEN first_ts - seen <= :new_days * 86400000000
                 AND seen - (SELECT ts FROM begin) > :new_days * 86400000000 THEN 0.15
                ELSE 0 END AS new,
           iif(users <= 2 AND standard_user_agent(agent) IS NOT 1, 0.15, 0) AS agent,
           iif(is_ip(cs_host), 0.10, 0) AS address
    FROM beacon JOIN host USING (cs_host)
    LEFT JOIN seen ON seen.value = cs_host
    LEFT JOIN agents ON agents.c_useragent = agent),
found AS MATERIALIZED (
    SELECT *, (b ->> 'score') + rare + new + agent + address AS total FROM term),
best AS (
    SELECT *, row_number() OVER w AS place,
           count(*) OVER pair AS days, sum(events) OVER pair AS all_events,
           min(first_ts) OVER pair AS begun, max(last_ts) OVER pair AS ended
    FROM found WHERE total >= :min_score
    WINDOW pair AS (PARTITION BY src_ip, cs_host),
           w AS (PARTITION BY src_ip, cs_host ORDER BY total DESC, day))
SELECT src_ip, cs_host, round(min(1, total), 2) AS score,
       round(b ->> 'score', 2) AS beacon,
       printf('%+.2f (%d of %d clients) %+.2f (first seen %s) %+.2f (user agent) %+.2f (address)',
              rare, clients, all_clients, new,
              coalesce(substr(local_time(seen_ts), 1, 10), 'never'), agent, address) AS terms,
       round(b ->> 'period_s') AS period_s, round(100 * (b ->> 'jitter')) AS jitter,
       round(100 * (b ->> 'on_beat')) AS on_beat, b ->> 'checkins' AS checkins,
       round(b ->> 'span_h', 1) AS span_h,
       coalesce(printf('same size %d %%', 100 * (b ->> 'size')), 'size not known') AS size,
       day, days, all_events AS events, begun AS first_ts, ended AS last_ts
FROM best WHERE place = 1
ORDER BY src_ip, cs_host

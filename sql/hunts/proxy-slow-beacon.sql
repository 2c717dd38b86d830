-- title: A program calls home every few hours
-- table: proxy
-- needs: proxy.src_ip, proxy.cs_host
-- window: 14d
-- stage: command-and-control, exploitation, actions-on-objectives
-- attack: v19 T1071.001, T1029
-- level: high
-- tags: core
-- param: min_events integer 8 "smallest number of requests to a host in two weeks"
-- param: max_per_day integer 48 "most requests on a day with some; proxy-beacon sees more"
-- param: min_days integer 3 "smallest number of days"
-- param: max_clients integer 3 "most clients that use the host"
-- param: min_beacon real 0.6 "smallest beacon_score over 7 or 14 days"
-- param: min_score real 0.8 "smallest score with what is added for rare and new"
-- param: new_days integer 14 "days for which a host is new"
-- param: old_days integer 30 "days after which a host is old"
-- key: src_ip, cs_host
-- why: {src_ip} calls {cs_host:defang} every {period_s:duration} (± {jitter} %), {checkins} times in {span_days} days, {on_beat} % on beat, {size}; score {score} = {beacon} {terms}
-- about: As proxy-beacon, over 7 and over 14 days counted back from the end of the range,
--   whichever scores better, for hosts with few requests. Machines that are off at night
--   or at weekends miss beats; that does not matter. Periods of 20 hours and more are told
--   only when they stray by ten minutes at most: people come back daily too.
--   Added are 0.15 for a host with one client, 0.15 when it was first seen within two
--   weeks of the first call; 0.15 are taken off when it was known a month before.
--   Benign: updaters and licence checks that one machine has.
--   Next: method and URL; when it began; what else the client did at that time.
-- hit: proxy-slow-beacon.hit.log
-- miss: proxy-slow-beacon.miss.log
WITH host AS MATERIALIZED (
    SELECT cs_host, count(*) AS clients FROM (
        SELECT cs_host, src_ip FROM proxy_rollup
        WHERE ts >= :from_ts - 14 * 86400000000 AND ts < :to_ts
          AND cs_host IS NOT NULL
        GROUP BY cs_host, src_ip)
    GROUP BY cs_host
    HAVING count(*) <= :max_clients
       AND NOT EXISTS (SELECT 1 FROM site_work_domain
                       WHERE domain_under(cs_host, domain))),
daily AS MATERIALIZED (
    SELECT src_ip, cs_host, day, sum(events) AS n,
           (:to_ts - 1 - min(first_ts)) / (14 * 86400000000) AS period
    FROM proxy_rollup
    WHERE ts >= :from_ts - 14 * 86400000000 AND ts < :to_ts
      AND cs_host IN (SELECT cs_host FROM host)
    GROUP BY src_ip, cs_host, day),
pair AS MATERIALIZED (
    SELECT DISTINCT src_ip, cs_host FROM (
        SELECT src_ip, cs_host FROM daily
        GROUP BY src_ip, cs_host, period
        HAVING count(*) >= :min_days AND sum(n) >= :min_events
           AND median(n) <= :max_per_day)),
request AS MATERIALIZED (
    SELECT src_ip, cs_host, ts, ts - coalesce(elapsed_ms, 0) * 1000 AS start,
           coalesce(cs_bytes, sc_bytes) AS size
    FROM proxy
    WHERE ts >= :from_ts - 14 * 86400000000 AND ts < :to_ts
      AND cs_host IN (SELECT cs_host FROM pair)
      AND (+src_ip, +cs_host) IN (SELECT src_ip, cs_host FROM pair)),
scored AS MATERIALIZED (
    SELECT src_ip, cs_host, 14 AS length,
           (:to_ts - 1 - ts) / (14 * 86400000000) AS period,
           beacon_score(start, size) AS b, count(*) AS events,
           min(ts) AS first_ts, max(ts) AS last_ts
    FROM request GROUP BY src_ip, cs_host, period
    UNION ALL
    SELECT src_ip, cs_host, 7, (:to_ts - 1 - ts) / (7 * 86400000000) AS period,
           beacon_score(start, size), count(*), min(ts), max(ts)
    FROM request GROUP BY src_ip, cs_host, period),
beacon AS MATERIALIZED (
    SELECT * FROM scored
    WHERE b ->> 'score' >= :min_beacon AND last_ts >= :from_ts
      AND last_ts - first_ts >= (:min_days - 1) * 86400000000
      AND (b ->> 'period_s' < 72000
           OR (b ->> 'jitter') * (b ->> 'period_s') <= 600)),
seen AS MATERIALIZED (
    SELECT value, min(first_ts) AS seen FROM sighting_rollup
    WHERE table_name = 'proxy' AND observable = 'cs_host'
      AND value IN (SELECT cs_host FROM beacon)
    GROUP BY value),
begin AS MATERIALIZED (
    SELECT min(first_ts) AS ts FROM sighting_rollup WHERE table_name = 'proxy'),
term AS MATERIALIZED (
    SELECT src_ip, cs_host, length, period, b, events, first_ts, last_ts,
           seen AS seen_ts, clients, iif(clients = 1, 0.15, 0) AS rare,
           CASE WHEN first_ts - seen > :old_days * 86400000000 THEN -0.15
                WHEN first_ts - seen <= :new_days * 86400000000
                 AND seen - (SELECT ts FROM begin) > :new_days * 86400000000 THEN 0.15
                ELSE 0 END AS new
    FROM beacon JOIN host USING (cs_host)
    LEFT JOIN seen ON seen.value = cs_host),
best AS (
    SELECT *, (b ->> 'score') + rare + new AS total,
           row_number() OVER w AS place, min(first_ts) OVER pair AS begun,
           max(last_ts) OVER pair AS ended
    FROM term WHERE (b ->> 'score') + rare + new >= :min_score
    WINDOW pair AS (PARTITION BY src_ip, cs_host),
           w AS (PARTITION BY src_ip, cs_host
                 ORDER BY (b ->> 'score') + rare + new DESC, length, period))
SELECT src_ip, cs_host, round(min(1, total), 2) AS score,
       round(b ->> 'score', 2) AS beacon,
       printf('%+.2f (%d clients) %+.2f (first seen %s)', rare, clients, new,
              coalesce(substr(local_time(seen_ts), 1, 10), 'never')) AS terms,
       round(b ->> 'period_s') AS period_s, round(100 * (b ->> 'jitter')) AS jitter,
       round(100 * (b ->> 'on_beat')) AS on_beat, b ->> 'checkins' AS checkins,
       round((b ->> 'span_h') / 24.0, 1) AS span_days,
       coalesce(printf('same size %d %%', 100 * (b ->> 'size')), 'size not known') AS size,
       events, begun AS first_ts, ended AS last_ts
FROM best WHERE place = 1
ORDER BY src_ip, cs_host

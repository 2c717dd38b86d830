-- title: The same site day by day
-- table: proxy
-- needs: proxy.src_ip, proxy.cs_host
-- window: 28d
-- stage: command-and-control, exploitation, actions-on-objectives
-- attack: v19 T1071.001, T1029
-- level: medium
-- tags: guide, core
-- reference: JPCERT/CC 2015, 5.3.2
-- param: min_days integer 4 "smallest number of days within four weeks"
-- param: spread_s integer 300 "seconds by which the first request of a day may stray"
-- param: share real 0.8 "share of the days that must fit"
-- param: max_per_day integer 24 "most requests a day, for the same time of day"
-- param: min_same integer 6 "least requests a day, for the same number each day"
-- param: max_clients integer 3 "most clients that use the site"
-- key: src_ip, cs_host
-- why: {src_ip} went to {cs_host:defang} on {days} days of {span_days}, {rhythm}: {events} requests, from {first_ts} to {last_ts}
-- about: The guide's example is a POST a day at the same second of the day. Sites for
--   work (work_domains in kura.yaml) and sites that more clients use are left out; what
--   stays is added up by day. A site is told when the first request of the day comes at the
--   same time of day, or when the number of requests is the same, on most days.
--   Benign: an updater that one machine has, a start page, a scheduled job. People
--   have habits too, but not to the minute.
--   Next: the method and size of the requests; what the site is; when it was first seen.
-- hit: proxy-periodic-daily.hit.log
-- miss: proxy-periodic-daily.miss.log
WITH host AS MATERIALIZED (
    SELECT cs_host, src_ip, count(DISTINCT day) AS days
    FROM proxy_rollup
    WHERE ts >= :from_ts - 28 * 86400000000 AND ts < :to_ts
      AND cs_host IS NOT NULL
    GROUP BY cs_host, src_ip),
rare AS MATERIALIZED (
    SELECT cs_host FROM host
    WHERE NOT EXISTS (SELECT 1 FROM site_work_domain
                      WHERE domain_under(cs_host, domain))
    GROUP BY cs_host
    HAVING count(*) <= :max_clients AND max(days) >= :min_days),
-- Four weeks a period, counted back from the end of the range.
daily AS MATERIALIZED (
    SELECT src_ip, cs_host, day, sum(events) AS n,
           min(first_ts) AS first_ts, max(last_ts) AS last_ts,
           unixepoch(local_time(min(first_ts))) % 86400 AS second,
           (:to_ts - 1 - min(first_ts)) / (28 * 86400000000) AS period
    FROM proxy_rollup
    WHERE ts >= :from_ts - 28 * 86400000000 AND ts < :to_ts
      AND cs_host IN (SELECT cs_host FROM rare)
    GROUP BY src_ip, cs_host, day),
usual AS MATERIALIZED (
    SELECT src_ip, cs_host, period, median(second) AS second, median(n) AS n
    FROM daily GROUP BY src_ip, cs_host, period
    HAVING count(*) >= :min_days),
fit AS MATERIALIZED (
    SELECT daily.src_ip AS src_ip, daily.cs_host AS cs_host, period,
           count(*) AS days, sum(daily.n) AS events,
           avg(abs(daily.second - usual.second) <= :spread_s) AS on_time,
           avg(abs(daily.n - usual.n) <= 0.05 * usual.n) AS on_count,
           usual.n AS usual_n, usual.second AS usual_second,
           min(first_ts) AS first_ts, max(last_ts) AS last_ts
    FROM daily JOIN usual USING (src_ip, cs_host, period)
    GROUP BY src_ip, cs_host, period),
best AS (
    SELECT *, row_number() OVER (PARTITION BY src_ip, cs_host
                                 ORDER BY days DESC, first_ts) AS place
    FROM fit
    WHERE last_ts >= :from_ts
      AND ((on_time >= :share AND usual_n <= :max_per_day)
           OR (on_count >= :share AND usual_n >= :min_same)))
SELECT src_ip, cs_host, days,
       cast(julianday(local_time(last_ts)) - julianday(local_time(first_ts))
            + 1.5 AS INTEGER) AS span_days,
       iif(on_time >= :share AND usual_n <= :max_per_day,
           printf('at %s on %d %% of them', time(usual_second, 'unixepoch'),
                  round(100 * on_time)),
           printf('%g times a day on %d %% of them', usual_n,
                  round(100 * on_count))) AS rhythm,
       events, first_ts, last_ts
FROM best WHERE place = 1
ORDER BY src_ip, cs_host

-- title: The same answer all day
-- table: proxy
-- needs: proxy.sc_bytes, proxy.cs_host
-- window: 14d
-- stage: command-and-control
-- attack: v19 T1071.001
-- level: medium
-- tags: plus
-- param: min_events integer 20 "smallest number of answers a day"
-- param: share real 0.9 "share of the answers that must have the size"
-- param: tolerance real 0.05 "how far sizes may differ"
-- param: max_clients integer 2 "most clients that use the host"
-- param: min_span_h real 1 "hours from the first to the last, at least"
-- key: src_ip, cs_host
-- why: {src_ip} got {events} answers from {cs_host:defang} on {day}, {share} % of them of about {size} bytes, in {span_h} h; {days} days
-- about: A program asks whether there is something to do, and there is not: the answers
--   have one size. Calls without a rhythm, which beacon_score does not see, show up here.
--   Refusals and errors are left out, and so are sites for work (work_domains).
--   Benign: pages that reload, status lights. Next: method and URL; the answers of another
--   size are the ones in which something was sent.
-- hit: proxy-same-size-polling.hit.log
-- miss: proxy-same-size-polling.miss.log
WITH host AS MATERIALIZED (
    SELECT cs_host FROM (
        SELECT cs_host, src_ip FROM proxy_rollup
        WHERE ts >= :from_ts - 14 * 86400000000 AND ts < :to_ts AND cs_host IS NOT NULL
        GROUP BY cs_host, src_ip)
    GROUP BY cs_host
    HAVING count(*) <= :max_clients
       AND NOT EXISTS (SELECT 1 FROM site_work_domain WHERE domain_under(cs_host, domain))),
pair AS MATERIALIZED (
    SELECT src_ip, cs_host, day FROM proxy_rollup
    WHERE ts >= :from_ts AND ts < :to_ts
      AND cs_host IN (SELECT cs_host FROM host)
    GROUP BY src_ip, cs_host, day
    HAVING sum(events) >= :min_events
       AND max(last_ts) - min(first_ts) >= :min_span_h * 3600000000),
answer AS MATERIALIZED (
    SELECT src_ip, cs_host, day, sc_bytes, ts FROM proxy
    WHERE ts >= :from_ts AND ts < :to_ts AND sc_status BETWEEN 200 AND 299
      AND cs_host IN (SELECT cs_host FROM pair)
      AND (+src_ip, +cs_host, +day) IN (SELECT src_ip, cs_host, day FROM pair)),
usual AS MATERIALIZED (
    SELECT src_ip, cs_host, day, median(sc_bytes) AS size FROM answer
    GROUP BY src_ip, cs_host, day),
daily AS MATERIALIZED (
    SELECT src_ip, cs_host, day, size, count(*) AS events,
           avg(abs(sc_bytes - size) <= :tolerance * size) AS same,
           min(ts) AS first_ts, max(ts) AS last_ts
    FROM answer JOIN usual USING (src_ip, cs_host, day)
    GROUP BY src_ip, cs_host, day
    HAVING count(*) >= :min_events AND same >= :share
       AND max(ts) - min(ts) >= :min_span_h * 3600000000),
best AS (
    SELECT *, row_number() OVER (PARTITION BY src_ip, cs_host
                                 ORDER BY events DESC, day) AS place,
           count(*) OVER pair AS days, sum(events) OVER pair AS all_events,
           min(first_ts) OVER pair AS begun, max(last_ts) OVER pair AS ended
    FROM daily WINDOW pair AS (PARTITION BY src_ip, cs_host))
SELECT src_ip, cs_host, day, round(100 * same) AS share, round(size) AS size,
       round((last_ts - first_ts) / 3600e6, 1) AS span_h, days, all_events AS events,
       begun AS first_ts, ended AS last_ts
FROM best WHERE place = 1
ORDER BY src_ip, cs_host

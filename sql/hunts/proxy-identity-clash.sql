-- title: Many users on one machine, or one user on many
-- table: proxy
-- needs: proxy.cs_username
-- window: 14d
-- stage: actions-on-objectives, command-and-control
-- attack: v19 T1078
-- level: medium
-- tags: plus
-- param: min_users integer 3 "users of one client within an hour"
-- param: min_clients integer 3 "clients of one user within an hour"
-- param: usual_days integer 3 "days within two weeks after which it is usual"
-- key: src_ip, cs_username
-- why: {who} within one hour from {first_ts}: {names}
-- evidence: proxy: (src_ip = :src_ip OR :src_ip = 'many') AND (cs_username = :cs_username OR :cs_username = 'many') AND cs_username IS NOT NULL
-- about: Stolen passwords are tried from one machine, or used from several. An hour is that
--   of the clock. Machines and users with whom it happens on more days (a terminal
--   server, a shared account) are left out, and so are machine accounts (name$).
--   Benign: a helper logs on at a colleague's desk. Next: log-ons at the domain
--   controller at that time; were the users there.
-- hit: proxy-identity-clash.hit.log
-- miss: proxy-identity-clash.miss.log
WITH hourly AS MATERIALIZED (
    SELECT src_ip, lower(cs_username) AS cs_username, day, hour, sum(events) AS events,
           min(first_ts) AS first_ts, max(last_ts) AS last_ts
    FROM proxy_rollup
    WHERE ts >= :from_ts - 14 * 86400000000 AND ts < :to_ts
      AND cs_username IS NOT NULL AND cs_username NOT LIKE '%$'
    GROUP BY src_ip, cs_username, day, hour
    ORDER BY src_ip, cs_username, day, hour),
clash AS MATERIALIZED (
    SELECT src_ip, 'many' AS cs_username, day, hour,
           src_ip || ' was ' || count(*) || ' users' AS who,
           group_concat(cs_username, ', ') AS names,
           sum(events) AS events, min(first_ts) AS first_ts, max(last_ts) AS last_ts
    FROM hourly GROUP BY src_ip, day, hour HAVING count(*) >= :min_users
    UNION ALL
    SELECT 'many', cs_username, day, hour,
           cs_username || ' was on ' || count(*) || ' clients',
           group_concat(src_ip, ', '),
           sum(events), min(first_ts), max(last_ts)
    FROM hourly GROUP BY cs_username, day, hour HAVING count(*) >= :min_clients),
rare AS MATERIALIZED (
    SELECT src_ip, cs_username, (:to_ts - 1 - first_ts) / (14 * 86400000000) AS period
    FROM clash GROUP BY src_ip, cs_username, period
    HAVING count(DISTINCT day) <= :usual_days),
found AS (
    SELECT clash.*, row_number() OVER (PARTITION BY src_ip, cs_username
                                       ORDER BY first_ts, hour) AS place
    FROM clash
    WHERE last_ts >= :from_ts
      AND (src_ip, cs_username, (:to_ts - 1 - first_ts) / (14 * 86400000000))
          IN (SELECT src_ip, cs_username, period FROM rare))
SELECT src_ip, cs_username, who, names, events, first_ts, last_ts
FROM found WHERE place = 1
ORDER BY src_ip, cs_username

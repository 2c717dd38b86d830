-- The stages of the attack by host: kura finding hosts (cli/findings.c), over the
-- table shown of findings.sql.  ?1 the length of time in microseconds, ?2 the
-- smallest number of stages.
WITH named AS MATERIALIZED (
    SELECT DISTINCT machine_name(v.value) AS host, s.id, s.hunt, s.stage,
           s.level_order, s.first_ts, coalesce(s.last_ts, s.first_ts) AS last_ts
    FROM shown AS s, json_each(s."row") AS v
    WHERE s.allowed IS NULL AND s.state <> 'gone' AND s.stage IS NOT NULL
      AND s.first_ts IS NOT NULL AND v.type = 'text' AND v.value <> 'many'
      AND v.key IN ('src_ip', 'client', 'client_ip', 'Computer')
), spread AS MATERIALIZED (
    SELECT hunt, count(DISTINCT host) AS hosts FROM named GROUP BY hunt
), weighed AS MATERIALIZED (
    -- By level; what a hunt finds on many hosts counts less: half on eleven.
    SELECT n.*, (n.level_order + 1) * 10.0 / (9 + p.hosts) AS weight
    FROM named AS n JOIN spread AS p ON p.hunt = n.hunt
    WHERE n.host IS NOT NULL
), begin AS MATERIALIZED (
    SELECT host, min(first_ts) AS ts FROM weighed
    GROUP BY host, first_ts / 86400000000
), reached AS MATERIALIZED (
    SELECT b.host, b.ts, w.stage, max(w.weight) AS weight, count(DISTINCT w.id) AS findings,
           group_concat(DISTINCT w.hunt) AS hunts, min(max(w.first_ts, b.ts)) AS first_ts,
           max(min(w.last_ts, b.ts + ?1)) AS last_ts
    FROM begin AS b
    JOIN weighed AS w ON w.host = b.host AND w.last_ts >= b.ts AND w.first_ts < b.ts + ?1
    GROUP BY b.host, b.ts, w.stage
    ORDER BY b.host, b.ts,
             CASE w.stage WHEN 'reconnaissance' THEN 1 WHEN 'weaponization' THEN 2
                          WHEN 'delivery' THEN 3 WHEN 'exploitation' THEN 4
                          WHEN 'installation' THEN 5
                          WHEN 'command-and-control' THEN 6 ELSE 7 END
), span AS MATERIALIZED (
    SELECT host, ts, count(*) AS stages, sum(weight) AS score, sum(findings) AS findings,
           group_concat(stage || ' (' || hunts || ')', ', ') AS chain,
           min(first_ts) AS first_ts, max(last_ts) AS last_ts
    FROM reached
    GROUP BY host, ts
), best AS (
    SELECT *, row_number() OVER (PARTITION BY host
                                 ORDER BY stages DESC, score DESC, ts) AS rank
    FROM span
)
SELECT host, stages, round(score, 1) AS score, substr(local_time(first_ts), 1, 16) AS first,
       substr(local_time(last_ts), 1, 16) AS last, findings, chain
FROM best
WHERE rank = 1 AND stages >= ?2
ORDER BY stages DESC, score DESC, host;

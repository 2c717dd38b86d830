-- title: Calls home by the clock, and then goes to other machines
-- table: proxy, windows
-- needs: proxy.src_ip, proxy.cs_host, windows.src_ip, windows.TargetUserName
-- window: 7d
-- stage: command-and-control, actions-on-objectives
-- attack: v19 T1071.001, T1021, T1078
-- level: critical
-- tags: core
-- param: min_beacon real 0.7 "smallest beacon_score of a day"
-- param: min_events integer 10 "smallest number of requests to a host in a day"
-- param: max_clients integer 5 "a host with more clients is not looked at"
-- param: hours integer 72 "so long after the beacon was there"
-- param: min_machines integer 3 "smallest number of machines where it was not before"
-- key: src_ip
-- why: {src_ip} called {cs_host:defang} by the clock from {beacon_ts} on (score {score}) and then went to {machines} machines where it had not been before, as {account}, such as {machine}
-- evidence: proxy: src_ip = :src_ip AND cs_host = :cs_host AND ts < :beacon_ts + 3600000000
-- evidence: windows: src_ip = :src_ip AND (EventID = 4624 AND LogonType IN (3, 10) OR EventID = 4769)
-- evidence: firewall: src_ip = :src_ip AND dst_internal = 1 AND dst_port IN (22, 135, 139, 445, 3389, 5985, 5986)
-- about: An infected machine from which somebody goes on: a beacon through the proxy
--   (proxy-beacon), and within three days log-ons (4624), tickets for machines (4769)
--   or sessions of administration through the firewall to machines of the house that
--   it did not use before. Benign: an administrator's machine with a program that
--   looks for updates often. Next: take the machine off the network, and look at each
--   of those it went to.
-- hit: beacon-then-movement.hit-proxy.log
-- hit: beacon-then-movement.hit-windows.log
-- miss: beacon-then-movement.miss-proxy.log
-- miss: beacon-then-movement.miss-windows.log
WITH host AS MATERIALIZED (
    SELECT cs_host FROM (
        SELECT cs_host, src_ip FROM proxy_rollup
        WHERE ts >= :from_ts AND ts < :to_ts AND cs_host IS NOT NULL
        GROUP BY cs_host, src_ip)
    GROUP BY cs_host
    HAVING count(*) <= :max_clients
       AND NOT EXISTS (SELECT 1 FROM site_work_domain WHERE domain_under(cs_host, domain))
), pair AS MATERIALIZED (
    SELECT src_ip, cs_host, day FROM proxy_rollup
    WHERE ts >= :from_ts AND ts < :to_ts AND cs_host IN (SELECT cs_host FROM host)
    GROUP BY src_ip, cs_host, day
    HAVING sum(events) >= :min_events
       AND max(last_ts) - min(first_ts) >= 1200 * 1000000
), scored AS MATERIALIZED (
    SELECT src_ip, cs_host, day, min(ts) AS ts,
           beacon_score(ts - coalesce(elapsed_ms, 0) * 1000,
                        coalesce(cs_bytes, sc_bytes)) ->> 'score' AS score
    FROM proxy
    WHERE ts >= :from_ts AND ts < :to_ts
      AND cs_host IN (SELECT cs_host FROM pair)
      AND (+src_ip, +cs_host, +day) IN (SELECT src_ip, cs_host, day FROM pair)
    GROUP BY src_ip, cs_host, day
), beacon AS MATERIALIZED (
    SELECT src_ip, cs_host, round(max(score), 2) AS score, min(ts) AS ts, max(ts) AS last,
           row_number() OVER (PARTITION BY src_ip ORDER BY max(score) DESC, cs_host) AS rank
    FROM scored
    WHERE score >= :min_beacon
    GROUP BY src_ip, cs_host
), source AS MATERIALIZED (
    SELECT src_ip, min(ts) AS ts, max(last) + :hours * 3600000000 AS until,
           max(iif(rank = 1, cs_host, NULL)) AS cs_host,
           max(iif(rank = 1, score, NULL)) AS score
    FROM beacon
    GROUP BY src_ip
), went AS MATERIALIZED (
    SELECT src_ip, machine_name(Computer) AS machine, account_name(TargetUserName) AS account,
           first_ts, last_ts, events
    FROM (SELECT src_ip, Computer, TargetUserName, sum(events) AS events,
                 min(first_ts) AS first_ts, max(last_ts) AS last_ts
          FROM windows_rollup
          WHERE EventID = 4624 AND LogonType IN (3, 10)
            AND src_ip IN (SELECT src_ip FROM source) AND TargetUserName NOT LIKE '%$'
            AND TargetUserName <> 'ANONYMOUS LOGON'
          GROUP BY src_ip, Computer, TargetUserName)
    UNION ALL
    SELECT src_ip, machine_name(ServiceName), account_name(TargetUserName), first_ts,
           last_ts, events
    FROM (SELECT src_ip, ServiceName, TargetUserName, sum(events) AS events,
                 min(first_ts) AS first_ts, max(last_ts) AS last_ts
          FROM windows_rollup
          WHERE EventID = 4769 AND Status = '0x0' AND ServiceName LIKE '%$'
            AND src_ip IN (SELECT src_ip FROM source) AND TargetUserName NOT LIKE '%$@%'
          GROUP BY src_ip, ServiceName, TargetUserName)
    UNION ALL
    SELECT src_ip, dst_ip, NULL, first_ts, last_ts, events
    FROM (SELECT src_ip, dst_ip, sum(events) AS events, min(first_ts) AS first_ts,
                 max(last_ts) AS last_ts
          FROM firewall_rollup
          WHERE src_ip IN (SELECT src_ip FROM source) AND dst_internal = 1
            AND dst_port IN (22, 135, 139, 445, 3389, 5985, 5986)
          GROUP BY src_ip, dst_ip)
), new AS MATERIALIZED (
    SELECT w.src_ip, w.machine, min(w.account) AS account, sum(w.events) AS events,
           min(w.first_ts) AS first_ts, max(w.last_ts) AS last_ts
    FROM went AS w
    WHERE w.machine IS NOT NULL
    GROUP BY w.src_ip, w.machine
)
SELECT s.src_ip, s.cs_host, s.score, s.ts AS beacon_ts,
       count(*) AS machines, min(n.machine) AS machine,
       coalesce(min(n.account), 'somebody') AS account, sum(n.events) AS events,
       s.ts AS first_ts, max(n.last_ts) AS last_ts
FROM source AS s
JOIN new AS n ON n.src_ip = s.src_ip AND n.first_ts >= s.ts AND n.first_ts < s.until
GROUP BY s.src_ip
HAVING count(*) >= :min_machines
ORDER BY s.src_ip

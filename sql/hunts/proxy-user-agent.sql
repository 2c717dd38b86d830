-- title: User agents that are not the organisation's
-- table: proxy
-- needs: proxy.c_useragent, site_user_agent
-- window: 14d
-- stage: exploitation, command-and-control, actions-on-objectives
-- attack: v19 T1071.001
-- level: medium
-- tags: guide, core
-- reference: JPCERT/CC 2015, 5.3.2
-- param: max_clients integer 10 "a user agent of more clients within two weeks is told once, for all of them"
-- param: min_events integer 1 "smallest number of requests"
-- key: src_ip, c_useragent
-- why: {who} sent {events} requests to {hosts} hosts, such as {cs_host:defang}, as "{c_useragent}", from {first_ts} to {last_ts}
-- evidence: proxy: c_useragent = :c_useragent AND (src_ip = :src_ip OR :src_ip = 'many')
-- about: What browsers the organisation uses stands in kura.yaml (user_agents). Others
--   are programs: updaters, libraries, tools such as wget, and malware.
--   Many clients at once are software of the house: add its pattern to kura.yaml.
--   One client, a tool, a destination that nobody else goes to: look at it first.
--   Malware may call itself as the house's browser does; this hunt does not see it then.
-- hit: proxy-user-agent.hit.log
-- miss: proxy-user-agent.miss.log
WITH other AS MATERIALIZED (
    SELECT c_useragent, standard_user_agent(c_useragent) AS standard
    FROM proxy_rollup
    WHERE ts >= :from_ts AND ts < :to_ts AND c_useragent IS NOT NULL
    GROUP BY c_useragent
    HAVING standard = 0),
used AS MATERIALIZED (
    SELECT c_useragent, src_ip, cs_host, sum(events) AS events,
           min(first_ts) AS first_ts, max(last_ts) AS last_ts
    FROM proxy_rollup
    WHERE ts >= :from_ts AND ts < :to_ts
      AND c_useragent IN (SELECT c_useragent FROM other)
    GROUP BY c_useragent, src_ip, cs_host),
spread AS MATERIALIZED (
    SELECT c_useragent, count(*) AS clients FROM (
        SELECT c_useragent, src_ip FROM proxy_rollup
        WHERE ts >= :from_ts - 14 * 86400000000 AND ts < :to_ts
          AND c_useragent IN (SELECT c_useragent FROM other)
        GROUP BY c_useragent, src_ip)
    GROUP BY c_useragent)
SELECT iif(clients > :max_clients, 'many', src_ip) AS src_ip,
       used.c_useragent AS c_useragent,
       iif(clients > :max_clients, 'some of ' || clients || ' clients', src_ip) AS who,
       clients, count(DISTINCT cs_host) AS hosts, min(cs_host) AS cs_host,
       sum(events) AS events, min(first_ts) AS first_ts, max(last_ts) AS last_ts
FROM used JOIN spread USING (c_useragent)
GROUP BY iif(clients > :max_clients, 'many', src_ip), used.c_useragent
HAVING sum(events) >= :min_events
ORDER BY 1, 2

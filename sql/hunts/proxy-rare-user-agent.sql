-- title: A program that one client has
-- table: proxy
-- needs: proxy.c_useragent
-- window: 7d
-- stage: command-and-control, installation, exploitation
-- attack: v19 T1071.001
-- level: medium
-- tags: core
-- param: new_days integer 7 "days for which a program is new"
-- param: learn_days integer 14 "days of logs before a program can be new"
-- param: max_clients integer 1 "most clients that use it in the days when it is new"
-- param: min_events integer 3 "smallest number of requests"
-- key: src_ip, c_useragent
-- why: {src_ip} sent {events} requests as "{c_useragent}", a program first seen at {seen_ts}, to {hosts} hosts such as {cs_host:defang}
-- about: The name of the program is the user agent up to its version, so that an update
--   is not new. Browsers and the organisation's own (user_agents in kura.yaml) are left
--   out, and so are the first weeks of the warehouse, when all are new.
--   Benign: something was installed. Next: who installed it; what it talks to.
-- hit: proxy-rare-user-agent.hit.log
-- miss: proxy-rare-user-agent.miss.log
WITH begin AS MATERIALIZED (
    SELECT min(first_ts) AS ts FROM sighting_rollup WHERE table_name = 'proxy'),
agent AS MATERIALIZED (
    SELECT value AS c_useragent, min(first_ts) AS first_ts,
           lower(coalesce(regexp_extract(value, '^[^/0-9(]+'), value)) AS program
    FROM sighting_rollup
    WHERE table_name = 'proxy' AND observable = 'c_useragent'
    GROUP BY value),
fresh AS MATERIALIZED (
    SELECT program, min(first_ts) AS seen FROM agent
    GROUP BY program
    HAVING min(first_ts) >= :from_ts - :new_days * 86400000000
       AND min(first_ts) >= (SELECT ts FROM begin) + :learn_days * 86400000000),
used AS MATERIALIZED (
    SELECT src_ip, c_useragent, cs_host, day, sum(events) AS events,
           min(first_ts) AS first_ts, max(last_ts) AS last_ts
    FROM proxy_rollup
    WHERE ts >= :from_ts - 7 * 86400000000 AND ts < :to_ts
      AND c_useragent IN (
          SELECT c_useragent FROM agent JOIN fresh USING (program)
          WHERE standard_user_agent(c_useragent) IS NOT 1
            AND NOT c_useragent REGEXP '^Mozilla/5\.0 \(.*(Chrome|Firefox|Safari|Trident)/')
    GROUP BY src_ip, c_useragent, cs_host, day),
early AS MATERIALIZED (
    SELECT used.*, program, seen
    FROM used JOIN agent USING (c_useragent) JOIN fresh USING (program)
    WHERE used.first_ts < seen + :new_days * 86400000000),
spread AS MATERIALIZED (
    SELECT program FROM early GROUP BY program
    HAVING count(DISTINCT src_ip) <= :max_clients)
SELECT src_ip, c_useragent, seen AS seen_ts, count(DISTINCT cs_host) AS hosts,
       min(cs_host) AS cs_host, sum(events) AS events,
       min(first_ts) AS first_ts, max(last_ts) AS last_ts
FROM early JOIN spread USING (program)
GROUP BY src_ip, c_useragent
HAVING sum(events) >= :min_events AND max(last_ts) >= :from_ts
ORDER BY src_ip, c_useragent

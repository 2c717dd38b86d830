-- title: Traffic with an address on a list
-- table: firewall
-- needs: indicator
-- stage: command-and-control, exploitation, actions-on-objectives
-- attack: v19 T1071, T1041
-- level: high
-- tags: guide, core
-- reference: JPCERT/CC 2015, 4.3
-- key: src_ip, dst_ip, number
-- why: {src_ip:defang} to {dst_ip:defang}: {value:defang} matches indicator {number} ({type}, from {source}{expired}); {permitted} session(s) let through, {refused} refused, {bytes_sent:size} sent
-- evidence: firewall: src_ip IS :src_ip AND dst_ip IS :dst_ip
-- about: What somebody warned of stands in our firewall's log, as source, destination
--   or translated address, alone or by its network. Sessions of our machines with
--   it that were let through come first; what knocks from outside and was refused
--   is the noise of the Internet. An expired indicator matches with a mark. Benign:
--   an address that carries many names (a content network); see the indicator's
--   warning ('kura ioc list'). Next: everything that machine did around that time,
--   and names that led there (DNS, proxy).
-- hit: fw-indicator.hit.log
-- miss: fw-indicator.miss.log
WITH address AS MATERIALIZED (
    SELECT src_ip AS value FROM firewall_rollup
    WHERE ts >= :from_ts AND ts < :to_ts AND src_ip IS NOT NULL
    UNION
    SELECT dst_ip FROM firewall_rollup
    WHERE ts >= :from_ts AND ts < :to_ts AND dst_ip IS NOT NULL
    UNION
    SELECT nat_src_ip FROM firewall_rollup
    WHERE ts >= :from_ts AND ts < :to_ts AND nat_src_ip IS NOT NULL
    UNION
    SELECT nat_dst_ip FROM firewall_rollup
    WHERE ts >= :from_ts AND ts < :to_ts AND nat_dst_ip IS NOT NULL
), listed AS MATERIALIZED (
    SELECT value, ioc('host', value) AS number
    FROM address
    WHERE ioc('host', value) IS NOT NULL
), traffic AS MATERIALIZED (
    SELECT src_ip AS value, src_ip, dst_ip, blocked, events, sum_bytes_sent, first_ts, last_ts
    FROM firewall_rollup
    WHERE ts >= :from_ts AND ts < :to_ts AND src_ip IN (SELECT value FROM listed)
    UNION ALL
    SELECT dst_ip, src_ip, dst_ip, blocked, events, sum_bytes_sent, first_ts, last_ts
    FROM firewall_rollup
    WHERE ts >= :from_ts AND ts < :to_ts AND dst_ip IN (SELECT value FROM listed)
    UNION ALL
    SELECT nat_src_ip, src_ip, dst_ip, blocked, events, sum_bytes_sent, first_ts, last_ts
    FROM firewall_rollup
    WHERE ts >= :from_ts AND ts < :to_ts AND nat_src_ip IN (SELECT value FROM listed)
      AND nat_src_ip IS NOT src_ip
    UNION ALL
    SELECT nat_dst_ip, src_ip, dst_ip, blocked, events, sum_bytes_sent, first_ts, last_ts
    FROM firewall_rollup
    WHERE ts >= :from_ts AND ts < :to_ts AND nat_dst_ip IN (SELECT value FROM listed)
      AND nat_dst_ip IS NOT dst_ip
)
SELECT t.src_ip, t.dst_ip, l.number, min(t.value) AS value, i.type, i.source,
       i.confidence,
       CASE WHEN i.expires_at < max(t.last_ts) THEN ', expired' ELSE '' END AS expired,
       sum(CASE WHEN t.blocked = 'false' THEN t.events ELSE 0 END) AS permitted,
       sum(CASE WHEN t.blocked = 'true' THEN t.events ELSE 0 END) AS refused,
       sum(t.events) AS events, coalesce(sum(t.sum_bytes_sent), 0) AS bytes_sent,
       min(t.first_ts) AS first_ts, max(t.last_ts) AS last_ts
FROM traffic AS t
JOIN listed AS l ON l.value = t.value
JOIN indicator AS i ON i.number = l.number
GROUP BY t.src_ip, t.dst_ip, l.number
ORDER BY t.src_ip, t.dst_ip, l.number

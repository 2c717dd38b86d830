-- title: Names asked past our resolvers
-- table: firewall
-- needs: firewall.src_ip, firewall.dst_ip, firewall.dst_port, site_resolver
-- stage: command-and-control, actions-on-objectives
-- attack: v19 T1071.004, T1048.003
-- level: high
-- tags: core
-- param: min_events integer 5 "smallest number of sessions with one name server in a day"
-- param: exempt_zones text 'guest' "zones that may do as they like"
-- key: src_ip, dst_ip
-- why: {src_ip} asked the name server {dst_ip:defang} outside {events} times ({permitted} let through), {bytes_sent:size} sent
-- evidence: firewall: src_ip = :src_ip AND dst_ip = :dst_ip AND dst_port IN (53, 853)
-- about: Names are asked at our resolvers, where they are logged. A machine that asks
--   elsewhere (port 53, or 853 encrypted) hides what it asks, or carries data in
--   names. Benign: a device with a resolver built in (8.8.8.8), a mail gateway;
--   enter resolvers in kura.yaml, close port 53 for all others. Next: bytes a day;
--   a tunnel sends megabytes.
-- hit: fw-dns-past-resolvers.hit.log
-- miss: fw-dns-past-resolvers.miss.log
WITH daily AS (
    SELECT src_ip, dst_ip, day, sum(events) AS events,
           sum(CASE WHEN blocked = 'false' THEN events ELSE 0 END) AS permitted,
           sum(sum_bytes_sent) AS bytes_sent, min(first_ts) AS first_ts,
           max(last_ts) AS last_ts
    FROM firewall_rollup
    WHERE ts >= :from_ts AND ts < :to_ts
      AND src_internal = 1 AND dst_internal = 0 AND dst_port IN (53, 853)
      AND src_ip NOT IN (SELECT address FROM site_resolver)
      AND instr(' ' || :exempt_zones || ' ',
                ' ' || coalesce(zone_of(src_ip), '?') || ' ') = 0
    GROUP BY src_ip, dst_ip, day
)
SELECT src_ip, dst_ip, sum(events) AS events, sum(permitted) AS permitted,
       sum(bytes_sent) AS bytes_sent, min(first_ts) AS first_ts, max(last_ts) AS last_ts
FROM daily
GROUP BY src_ip, dst_ip
HAVING max(events) >= :min_events
ORDER BY src_ip, dst_ip

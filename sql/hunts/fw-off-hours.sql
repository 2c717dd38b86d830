-- title: To the outside when nobody works
-- table: firewall
-- needs: firewall.src_ip, firewall.dst_ip
-- window: 28d
-- stage: command-and-control, actions-on-objectives
-- attack: v19 T1029, T1071
-- level: medium
-- tags: guide, core
-- reference: JPCERT/CC 2015, 4.3
-- param: min_events integer 5 "smallest number of connections in a day's hours off"
-- param: known_days integer 2 "a machine that did so on so many of the 28 days before is known for it"
-- param: learn_days integer 7 "days of logs that there must be before, less than the window"
-- param: exempt_zones text 'guest' "zones that are nobody's working place"
-- key: src_ip, day
-- why: {src_ip} made {events} connection(s) to the outside off working hours on {day}, most of them to {dst_ip:defang}:{dst_port}, and hardly ever does; {bytes_sent:size} sent
-- evidence: firewall: src_ip = :src_ip AND dst_internal = 0
-- about: Somebody left a machine on and it talks, or somebody else is at it. Allowed
--   and refused connections count alike, less those in maintenance windows of the
--   site. Machines that do it often (servers, proxies) are known and left out. Benign: overtime,
--   a new server, updates at night; enter maintenance windows in kura.yaml. Next:
--   was the user in the building, what is the destination, did it begin that
--   night.
-- hit: fw-off-hours.hit.log
-- miss: fw-off-hours.miss.log
WITH hourly AS MATERIALIZED (
    SELECT src_ip, day, hour, sum(events) AS events,
           sum(sum_bytes_sent) AS bytes_sent, min(first_ts) AS first_ts,
           max(last_ts) AS last_ts
    FROM firewall_rollup
    WHERE src_internal = 1 AND dst_internal = 0 AND working = 0
    GROUP BY src_ip, day, hour
), night AS MATERIALIZED (
    SELECT src_ip, day, julianday(day) AS date, sum(events) AS events,
           sum(bytes_sent) AS bytes_sent, min(first_ts) AS first_ts,
           max(last_ts) AS last_ts
    FROM hourly
    WHERE in_maintenance(first_ts, src_ip) = 0 AND in_maintenance(last_ts, src_ip) = 0
      AND instr(' ' || :exempt_zones || ' ',
                ' ' || coalesce(zone_of(src_ip), '?') || ' ') = 0
    GROUP BY src_ip, day
), odd AS MATERIALIZED (
    SELECT src_ip, day, events, bytes_sent, first_ts, last_ts
    FROM (SELECT *, count(*) OVER (PARTITION BY src_ip ORDER BY date
                                   RANGE BETWEEN 28 PRECEDING AND 1 PRECEDING) AS days
          FROM night)
    WHERE last_ts >= :from_ts AND events >= :min_events AND days < :known_days
      AND first_ts >= :learn_days * 86400000000
          + (SELECT min(first_ts) FROM firewall_rollup)
), destination AS MATERIALIZED (
    SELECT src_ip, day, dst_ip, dst_port,
           row_number() OVER (PARTITION BY src_ip, day
                              ORDER BY sum(events) DESC, dst_ip, dst_port) AS rank
    FROM (SELECT src_ip, day, hour, dst_ip, dst_port, events, first_ts, last_ts
          FROM firewall_rollup
          WHERE src_internal = 1 AND dst_internal = 0 AND working = 0
            AND src_ip IN (SELECT src_ip FROM odd) AND day IN (SELECT day FROM odd))
    WHERE in_maintenance(first_ts, src_ip) = 0 AND in_maintenance(last_ts, src_ip) = 0
    GROUP BY src_ip, day, dst_ip, dst_port
)
SELECT o.src_ip, o.day, d.dst_ip, d.dst_port, o.events, o.bytes_sent,
       o.first_ts, o.last_ts
FROM odd AS o
LEFT JOIN destination AS d ON d.src_ip = o.src_ip AND d.day = o.day AND d.rank = 1
ORDER BY o.src_ip, o.day

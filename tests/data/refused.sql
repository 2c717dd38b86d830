-- title: Refused on the way out
-- table: firewall
-- needs: firewall.src_ip, firewall.dst_ip, firewall.action
-- stage: exploitation, command-and-control, actions-on-objectives
-- attack: v19 T1071, T1571
-- level: high
-- param: min_events integer 10 "smallest number of refusals to one destination"
-- key: src_ip, dst_ip, dst_port
-- why: {src_ip} was refused {events} times on the way to {dst_ip:defang}:{dst_port}
-- about: A hunt of the tests, so that they do not depend on those built in.
-- hit: a.log
-- miss: b.log
SELECT src_ip, dst_ip, dst_port, count(*) AS events,
       min(ts) AS first_ts, max(ts) AS last_ts
FROM firewall
WHERE ts >= :from_ts AND ts < :to_ts
  AND blocked = 'true' AND src_internal = 1 AND dst_internal = 0
GROUP BY src_ip, dst_ip, dst_port
HAVING count(*) >= :min_events
ORDER BY src_ip, dst_ip, dst_port

-- title: Sessions that never end
-- table: firewall
-- needs: firewall.duration_s
-- stage: command-and-control
-- attack: v19 T1572, T1071
-- level: medium
-- tags: core
-- param: min_seconds integer 14400 "shortest session told, in seconds"
-- key: src_ip, dst_ip, dst_port
-- why: {src_ip} held {events} session(s) with {dst_ip:defang}:{dst_port}, the longest for {seconds:duration}; {bytes_sent:size} sent
-- about: Remote control and tunnels keep one connection open for hours. Proxies of
--   the site are left out, since they hold tunnels for others (the proxy's own
--   hunts tell for whom). Sessions are dated by their begin. Benign: a VPN between
--   sites, a monitoring link; name them in an allow rule. Next: bytes in both
--   directions, and what the destination is.
-- hit: fw-long-session.hit.log
-- miss: fw-long-session.miss.log
SELECT src_ip, dst_ip, dst_port, max(duration_s) AS seconds, sum(events) AS events,
       sum(sum_bytes_sent) AS bytes_sent, sum(sum_bytes_rcvd) AS bytes_rcvd,
       min(first_ts) AS first_ts, max(last_ts) AS last_ts
FROM firewall_rollup
WHERE ts >= :from_ts AND ts < :to_ts
  AND duration_s >= :min_seconds AND src_internal = 1 AND dst_internal = 0
  AND src_ip NOT IN (SELECT address FROM site_proxy)
GROUP BY src_ip, dst_ip, dst_port
ORDER BY src_ip, dst_ip, dst_port

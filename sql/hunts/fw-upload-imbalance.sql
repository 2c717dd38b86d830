-- title: Far more sent than received
-- table: firewall
-- needs: firewall.bytes_sent, firewall.bytes_rcvd
-- stage: actions-on-objectives
-- attack: v19 T1041, T1048
-- level: high
-- tags: core
-- param: min_bytes integer 20000000 "smallest number of bytes sent to one destination in a day"
-- param: ratio real 10 "so many times what was received"
-- key: src_ip, dst_ip, day
-- why: {src_ip} sent {bytes_sent:size} to {dst_ip:defang} on {day} and received {bytes_rcvd:size}
-- evidence: firewall: src_ip = :src_ip AND dst_ip = :dst_ip
-- about: People fetch more than they send; data that is carried off is the other way
--   round. Proxies and mail servers of the site are left out: proxy-upload and
--   mail-outgoing-volume tell for whom they send. Benign: backup to a provider,
--   video conferences, a web camera; allow them by destination. Next: what lies at
--   the destination, what was the machine's file access that day.
-- hit: fw-upload-imbalance.hit.log
-- miss: fw-upload-imbalance.miss.log
SELECT src_ip, dst_ip, day, sum(sum_bytes_sent) AS bytes_sent,
       coalesce(sum(sum_bytes_rcvd), 0) AS bytes_rcvd, sum(events) AS events,
       min(first_ts) AS first_ts, max(last_ts) AS last_ts
FROM firewall_rollup
WHERE ts >= :from_ts AND ts < :to_ts
  AND src_internal = 1 AND dst_internal = 0 AND blocked = 'false'
  AND src_ip NOT IN (SELECT address FROM site_proxy)
  AND src_ip NOT IN (SELECT address FROM site_mail_server)
GROUP BY src_ip, dst_ip, day
HAVING sum(sum_bytes_sent) >= :min_bytes
   AND sum(sum_bytes_sent) > :ratio * coalesce(sum(sum_bytes_rcvd), 0)
ORDER BY src_ip, dst_ip, day

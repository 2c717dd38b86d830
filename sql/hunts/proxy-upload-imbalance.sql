-- title: Much more sent than received
-- table: proxy
-- needs: proxy.cs_bytes
-- stage: actions-on-objectives, command-and-control
-- attack: v19 T1041, T1567.002
-- level: high
-- tags: core
-- param: min_mb integer 20 "smallest amount sent to a host in a day, in MB"
-- param: ratio real 10 "smallest ratio of sent to received"
-- key: src_ip, cs_host, day
-- why: {src_ip} sent {sent:size} to {cs_host:defang} on {day} and received {received:size}, by {events} requests
-- about: The web is for reading: most hosts send a client ten times what they get. Sites for
--   work (work_domains in kura.yaml) are left out.
--   Benign: cloud storage, photographs, backups that the house permits.
--   Next: the URLs and methods; who was logged on; what the machine holds.
-- hit: proxy-upload-imbalance.hit.log
-- miss: proxy-upload-imbalance.miss.log
SELECT src_ip, cs_host, day, sum(sum_cs_bytes) AS sent,
       coalesce(sum(sum_sc_bytes), 0) AS received, sum(events) AS events,
       min(first_ts) AS first_ts, max(last_ts) AS last_ts
FROM proxy_rollup
WHERE ts >= :from_ts AND ts < :to_ts AND cs_host IS NOT NULL
GROUP BY src_ip, cs_host, day
HAVING sum(sum_cs_bytes) >= :min_mb * 1000000
   AND sum(sum_cs_bytes) > :ratio * coalesce(sum(sum_sc_bytes), 0)
   AND NOT EXISTS (SELECT 1 FROM site_work_domain WHERE domain_under(cs_host, domain))
ORDER BY src_ip, cs_host, day

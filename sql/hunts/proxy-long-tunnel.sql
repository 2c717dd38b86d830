-- title: A tunnel that stays open for hours
-- table: proxy
-- needs: proxy.elapsed_ms, proxy.cs_method
-- window: 14d
-- stage: command-and-control, actions-on-objectives
-- attack: v19 T1572, T1071.001
-- level: medium
-- tags: core
-- param: min_hours real 4 "shortest time in hours"
-- param: max_clients integer 3 "most clients with such tunnels to the host"
-- key: src_ip, cs_host, dst_port
-- why: {src_ip} held a tunnel to {cs_host:defang}:{dst_port} open for {seconds:duration} ({events} such), {sent:size} sent and {received:size} received, the last until {last_ts}
-- about: The proxy logs a tunnel when it closes: one that is open still is not there yet.
--   Remote control and reverse shells hold one for as long as they can. Sites for
--   work (work_domains in kura.yaml) are left out.
--   Benign: chat, push messages and mail in a browser; they go to hosts that many use.
--   Next: bytes in both directions; when it began; was anybody at the machine.
-- hit: proxy-long-tunnel.hit.log
-- miss: proxy-long-tunnel.miss.log
WITH tunnel AS MATERIALIZED (
    SELECT src_ip, cs_host, dst_port, elapsed_ms, cs_bytes, sc_bytes, ts
    FROM proxy
    WHERE ts >= :from_ts - 14 * 86400000000 AND ts < :to_ts AND cs_method = 'CONNECT'
      AND elapsed_ms >= :min_hours * 3600000)
SELECT src_ip, cs_host, coalesce(dst_port, 443) AS dst_port,
       max(elapsed_ms) / 1000 AS seconds, total(cs_bytes) AS sent,
       total(sc_bytes) AS received, count(*) AS events,
       min(ts) AS first_ts, max(ts) AS last_ts
FROM tunnel
WHERE ts >= :from_ts
  AND cs_host IN (SELECT cs_host FROM tunnel GROUP BY cs_host
                  HAVING count(DISTINCT src_ip) <= :max_clients)
  AND NOT EXISTS (SELECT 1 FROM site_work_domain WHERE domain_under(cs_host, domain))
GROUP BY src_ip, cs_host, dst_port
ORDER BY src_ip, cs_host, dst_port

-- title: To the Internet past the proxy
-- table: firewall
-- needs: firewall.src_ip, firewall.dst_ip, firewall.action, site_proxy
-- stage: exploitation, command-and-control, actions-on-objectives
-- attack: v19 T1071.001, T1090
-- level: high
-- tags: guide, core
-- reference: JPCERT/CC 2015, 5.2.1
-- param: ports text '80 443 8080 8443' "ports of the web"
-- param: exempt_zones text 'guest dmz' "zones that may go out by themselves"
-- param: min_permitted integer 1 "smallest number of sessions let through"
-- param: min_refused integer 5 "smallest number of refused ones in a day, when none was let through"
-- key: src_ip, dst_ip
-- why: {src_ip} went to {dst_ip:defang}:{dst_port} past the proxy: {permitted} session(s) let through, {refused} refused, {bytes_sent:size} sent
-- about: Whoever browses goes through the proxy; a program that reaches for the web
--   by itself does not know of it, or avoids its log. A session that the firewall
--   let through shows a hole in its rules as well. Proxies, mail servers and
--   resolvers of the site are left out, and zones that may (guests, DMZ). Benign:
--   servers with a rule of their own for updates; name them in an allow rule.
--   Next: close the hole, then ask which program it was.
-- hit: fw-proxy-bypass.hit.log
-- miss: fw-proxy-bypass.miss.log
WITH daily AS (
    SELECT src_ip, dst_ip, dst_port, day,
           sum(CASE WHEN blocked = 'false' THEN events ELSE 0 END) AS permitted,
           sum(CASE WHEN blocked = 'true' THEN events ELSE 0 END) AS refused,
           sum(sum_bytes_sent) AS bytes_sent, sum(sum_bytes_rcvd) AS bytes_rcvd,
           min(first_ts) AS first_ts, max(last_ts) AS last_ts
    FROM firewall_rollup
    WHERE ts >= :from_ts AND ts < :to_ts
      AND src_internal = 1 AND dst_internal = 0
      AND instr(' ' || :ports || ' ', ' ' || dst_port || ' ') > 0
      AND src_ip NOT IN (SELECT address FROM site_proxy)
      AND src_ip NOT IN (SELECT address FROM site_mail_server)
      AND src_ip NOT IN (SELECT address FROM site_resolver)
      AND instr(' ' || :exempt_zones || ' ',
                ' ' || coalesce(zone_of(src_ip), '?') || ' ') = 0
    GROUP BY src_ip, dst_ip, dst_port, day
)
SELECT src_ip, dst_ip, min(dst_port) AS dst_port, sum(permitted) AS permitted,
       sum(refused) AS refused, sum(bytes_sent) AS bytes_sent,
       sum(bytes_rcvd) AS bytes_rcvd, min(first_ts) AS first_ts,
       max(last_ts) AS last_ts
FROM daily
GROUP BY src_ip, dst_ip
HAVING sum(permitted) >= :min_permitted OR max(refused) >= :min_refused
ORDER BY src_ip, dst_ip

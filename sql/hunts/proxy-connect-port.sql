-- title: Tunnels to unusual ports
-- table: proxy
-- needs: proxy.dst_port, proxy.cs_method
-- stage: exploitation, command-and-control, actions-on-objectives
-- attack: v19 T1071.001, T1571, T1572
-- level: high
-- tags: guide, core
-- reference: JPCERT/CC 2015, 5.3.1
-- param: ports text 80,443 "ports that CONNECT may go to, separated by commas"
-- param: min_events integer 1 "smallest number of requests"
-- key: src_ip, cs_host, dst_port
-- why: {src_ip} asked {events} times for a tunnel to {cs_host:defang}:{dst_port} ({refused} refused), from {first_ts} to {last_ts}
-- about: CONNECT makes the proxy pass on bytes of any protocol. Browsers use it for
--   port 443; programs that dress up as HTTPS ask for others.
--   A refused request matters as much as a permitted one: what asked is still there.
--   Benign: consoles of appliances (8443), meeting software. Name them in an allow rule.
--   Next: which program of the machine asks; what else it asked for in that hour;
--   the same destination at the firewall.
-- hit: proxy-connect-port.hit.log
-- miss: proxy-connect-port.miss.log
SELECT src_ip, cs_host, dst_port, sum(events) AS events,
       sum(CASE WHEN sc_status >= 400 OR squid_action LIKE 'TCP_DENIED%'
                THEN events ELSE 0 END) AS refused,
       min(first_ts) AS first_ts, max(last_ts) AS last_ts
FROM proxy_rollup
WHERE ts >= :from_ts AND ts < :to_ts AND cs_method = 'CONNECT'
  AND instr(',' || replace(:ports, ' ', '') || ',', ',' || dst_port || ',') = 0
GROUP BY src_ip, cs_host, dst_port
HAVING sum(events) >= :min_events
ORDER BY src_ip, cs_host, dst_port

-- title: Clients that manage clients
-- table: firewall
-- needs: firewall.src_ip, firewall.dst_port, firewall.action, site_network
-- stage: command-and-control
-- attack: v19 T1021.001, T1021.002, T1021.004, T1021.006
-- level: high
-- tags: core
-- param: zones text 'client' "zones of machines that have no business with each other"
-- key: src_ip, dst_ip
-- why: {src_ip} ({src_network}) reached {dst_ip} ({dst_network}) on {ports}, {events} session(s)
-- evidence: firewall: src_ip = :src_ip AND dst_ip = :dst_ip AND blocked = 'false'
-- about: File sharing, remote desktop, remote management between machines of users,
--   let through by the firewall: how an attacker goes from one to the next. Hosts of
--   administrators (kura.yaml) are left out; refused tries are in fw-denied-lateral.
--   Benign: a printer or a share on a user's machine. Next: who was logged in on
--   both, and close the way between client segments.
-- hit: fw-admin-protocols.hit.log
-- miss: fw-admin-protocols.miss.log
SELECT src_ip, dst_ip, network_of(src_ip) AS src_network,
       network_of(dst_ip) AS dst_network,
       'port ' || group_concat(DISTINCT dst_port) AS ports, sum(events) AS events,
       sum(sum_bytes_sent) AS bytes_sent, min(first_ts) AS first_ts,
       max(last_ts) AS last_ts
FROM (SELECT src_ip, dst_ip, dst_port, events, sum_bytes_sent, first_ts, last_ts
      FROM firewall_rollup
      WHERE ts >= :from_ts AND ts < :to_ts
        AND src_internal = 1 AND dst_internal = 1 AND blocked = 'false'
        AND dst_port IN (22, 23, 135, 139, 445, 1433, 3389, 5900, 5985, 5986)
      ORDER BY dst_port)
WHERE instr(' ' || :zones || ' ', ' ' || zone_of(src_ip) || ' ') > 0
  AND instr(' ' || :zones || ' ', ' ' || zone_of(dst_ip) || ' ') > 0
  AND src_ip NOT IN (SELECT host FROM site_admin WHERE host IS NOT NULL)
GROUP BY src_ip, dst_ip
ORDER BY src_ip, dst_ip

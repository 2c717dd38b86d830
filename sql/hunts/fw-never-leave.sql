-- title: Protocols that have no business outside
-- table: firewall
-- needs: firewall.src_ip, firewall.dst_port
-- stage: command-and-control, exploitation
-- attack: v19 T1187, T1090.003, T1021.001, T1071
-- level: high
-- tags: core
-- param: min_refused integer 2 "smallest number of sessions, when all were refused"
-- param: exempt_zones text 'guest' "zones that may do as they like"
-- key: src_ip, dst_ip, dst_port
-- why: {src_ip} asked {dst_ip:defang} outside for {protocol} (port {dst_port}): {permitted} session(s) let through, {refused} refused
-- about: File sharing gives away password hashes to whoever offers a share on the
--   Internet, and a link in a mail is enough for it; directory services, remote
--   management and desktops are for the house; IRC and Tor ports are where old and
--   new malware talks. Benign: a rented server that somebody manages; give it a
--   rule of its own and allow it. Next: what led the machine there (mail and proxy
--   of the minutes before), change the password of its user.
-- hit: fw-never-leave.hit.log
-- miss: fw-never-leave.miss.log
WITH protocol(port, name) AS (
    VALUES (23, 'telnet'), (69, 'TFTP'), (111, 'RPC'), (135, 'Windows RPC'),
           (137, 'NetBIOS'), (138, 'NetBIOS'), (139, 'NetBIOS'), (389, 'LDAP'),
           (445, 'file sharing'), (636, 'LDAP'), (1433, 'SQL Server'),
           (2049, 'NFS'), (3268, 'LDAP'), (3269, 'LDAP'), (3389, 'remote desktop'),
           (5900, 'VNC'), (5985, 'Windows management'), (5986, 'Windows management'),
           (6660, 'IRC'), (6661, 'IRC'), (6662, 'IRC'), (6663, 'IRC'), (6664, 'IRC'),
           (6665, 'IRC'), (6666, 'IRC'), (6667, 'IRC'), (6668, 'IRC'), (6669, 'IRC'),
           (6697, 'IRC'), (7000, 'IRC'), (9001, 'Tor'), (9030, 'Tor'), (9050, 'Tor'),
           (9150, 'Tor')
)
SELECT f.src_ip, f.dst_ip, f.dst_port, p.name AS protocol,
       sum(CASE WHEN f.blocked = 'false' THEN f.events ELSE 0 END) AS permitted,
       sum(CASE WHEN f.blocked = 'true' THEN f.events ELSE 0 END) AS refused,
       sum(f.sum_bytes_sent) AS bytes_sent, min(f.first_ts) AS first_ts,
       max(f.last_ts) AS last_ts
FROM (SELECT src_ip, dst_ip, dst_port, blocked, events, sum_bytes_sent, first_ts, last_ts
      FROM firewall_rollup
      WHERE ts >= :from_ts AND ts < :to_ts
        AND src_internal = 1 AND dst_internal = 0
        AND dst_port IN (SELECT port FROM protocol)) AS f
JOIN protocol AS p ON p.port = f.dst_port
WHERE instr(' ' || :exempt_zones || ' ',
            ' ' || coalesce(zone_of(f.src_ip), '?') || ' ') = 0
GROUP BY f.src_ip, f.dst_ip, f.dst_port
HAVING permitted > 0 OR refused >= :min_refused
ORDER BY f.src_ip, f.dst_ip, f.dst_port

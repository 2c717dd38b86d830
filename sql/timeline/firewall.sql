-- Who got through to whom, or did not.
SELECT CASE WHEN $hit IN ('src_ip', 'nat_src_ip', 'username') THEN
                 CASE WHEN dst_internal THEN dst_ip ELSE defang(dst_ip) END
            WHEN src_internal THEN src_ip
            ELSE defang(src_ip) END AS other,
       CASE WHEN dst_ip IS NULL AND src_ip IS NULL OR action IS NULL AND message IS NOT NULL
            THEN coalesce(message, action, '?')
       ELSE CASE blocked WHEN 'true' THEN 'refused ' ELSE 'passed ' END
            || CASE proto WHEN 1 THEN 'icmp' WHEN 6 THEN 'tcp' WHEN 17 THEN 'udp'
                          WHEN 47 THEN 'gre' WHEN 50 THEN 'esp' WHEN 58 THEN 'icmp6'
                          ELSE coalesce('protocol ' || proto, 'traffic') END
            || CASE WHEN dst_port IS NULL OR proto IN (1, 58) THEN '' ELSE ' ' || dst_port END
            || CASE WHEN $hit IN ('dst_ip', 'nat_dst_ip') THEN coalesce(' from ' ||
                 CASE WHEN src_internal THEN src_ip ELSE defang(src_ip) END, '')
               ELSE coalesce(' to ' ||
                 CASE WHEN dst_internal THEN dst_ip ELSE defang(dst_ip) END, '') END
            || CASE WHEN bytes_sent > 0 THEN ', sent ' || size_text(bytes_sent) ELSE '' END
            || CASE WHEN bytes_rcvd > 0 THEN ', received ' || size_text(bytes_rcvd) ELSE '' END
            || CASE WHEN duration_s > 0 THEN ' in ' || duration_s || ' s' ELSE '' END
       END AS what,
       *
FROM firewall

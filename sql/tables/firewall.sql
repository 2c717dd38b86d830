-- Sessions and events of a firewall.
CREATE TABLE firewall (
    action TEXT COLLATE NOCASE, -- Permit, Deny ...
    blocked TEXT AS (is_blocked(action)), -- true or false
    src_ip TEXT COLLATE NOCASE, -- [client observable host] source address
    src_port INTEGER, -- source port
    dst_ip TEXT COLLATE NOCASE, -- [observable host] destination address
    dst_port INTEGER, -- destination port
    proto INTEGER, -- IP protocol number: 1 ICMP, 6 TCP, 17 UDP
    service TEXT COLLATE NOCASE, -- service as the firewall names it
    src_zone TEXT COLLATE NOCASE, -- zone of the source
    dst_zone TEXT COLLATE NOCASE, -- zone of the destination
    duration_s INTEGER, -- length of the session in seconds
    bytes_sent INTEGER, -- bytes from source to destination
    bytes_rcvd INTEGER, -- bytes from destination to source
    policy_id INTEGER, -- number of the policy that decided
    icmp_type INTEGER, -- ICMP type
    nat_src_ip TEXT COLLATE NOCASE, -- [observable host] source address after translation
    nat_src_port INTEGER, -- source port after translation
    nat_dst_ip TEXT COLLATE NOCASE, -- [observable host] destination address after translation
    nat_dst_port INTEGER, -- destination port after translation
    session_id INTEGER, -- the firewall's session number
    reason TEXT COLLATE NOCASE, -- why the session ended
    username TEXT COLLATE NOCASE, -- [observable account] user, of events about one
    device TEXT COLLATE NOCASE, -- device_id
    severity TEXT COLLATE NOCASE, -- notification, alert, critical ...
    event_id TEXT COLLATE NOCASE, -- the firewall's number of the message, 00257 is traffic
    message TEXT COLLATE NOCASE, -- text of an event that is not traffic
    src_internal INTEGER AS (is_internal(src_ip)), -- 1: the source is in a network of the site
    dst_internal INTEGER AS (is_internal(dst_ip)), -- 1: the destination is in a network of the site
    host TEXT COLLATE NOCASE, -- the machine that sent the log, from the syslog header
    received_ts INTEGER -- when syslog stamped it, microseconds since 1970 UTC
);

-- Questions to a name server.
CREATE TABLE dns (
    src_ip TEXT COLLATE NOCASE, -- [client observable host] client address
    src_port INTEGER, -- client port
    query TEXT COLLATE NOCASE, -- [observable host] name asked for
    registered_domain TEXT COLLATE NOCASE AS (registered_domain(query)), -- [observable] public suffix and one label
    rev_name TEXT COLLATE NOCASE AS (reverse_host(query)), -- labels in reverse order
    record_type TEXT COLLATE NOCASE, -- A, AAAA, PTR, TXT ...
    class TEXT COLLATE NOCASE, -- IN, CH ...
    action TEXT COLLATE NOCASE, -- query, answer, denied, failed or transfer
    flags TEXT COLLATE NOCASE, -- BIND's flags: + recursion, E(0) EDNS, T TCP, D DNSSEC ...
    answer TEXT COLLATE NOCASE, -- answer data, of logs that have it
    rcode TEXT COLLATE NOCASE, -- NOERROR, NXDOMAIN ..., of logs that have it
    dst_ip TEXT COLLATE NOCASE, -- address at which the server was asked
    view TEXT COLLATE NOCASE, -- BIND view
    ecs TEXT COLLATE NOCASE, -- client subnet that a forwarder passed on (EDNS)
    client_object TEXT COLLATE NOCASE, -- BIND's object for the client: @0x and its address in memory
    message TEXT COLLATE NOCASE, -- why a question was denied or failed
    src_internal INTEGER AS (is_internal(src_ip)), -- 1: the client is in a network of the site
    host TEXT COLLATE NOCASE -- the machine that wrote the log, from the syslog header
);

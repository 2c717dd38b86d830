-- Requests through a web proxy.
CREATE TABLE proxy (
    src_ip TEXT COLLATE NOCASE, -- [client observable host] client address
    cs_username TEXT COLLATE NOCASE, -- [observable account] authenticated user
    cs_method TEXT COLLATE NOCASE, -- request method
    cs_host TEXT COLLATE NOCASE, -- [observable host] host asked for, from the URL
    c_uri TEXT COLLATE NOCASE, -- [url] URL asked for, as logged
    c_uri_stem TEXT COLLATE NOCASE AS (url_path(c_uri)), -- its path
    c_uri_query TEXT COLLATE NOCASE AS (url_query(c_uri)), -- its query string
    c_uri_extension TEXT COLLATE NOCASE AS (url_extension(c_uri)), -- extension of the path
    registered_domain TEXT COLLATE NOCASE AS (registered_domain(cs_host)), -- [observable] public suffix and one label
    rev_host TEXT COLLATE NOCASE AS (reverse_host(cs_host)), -- labels in reverse order: com.example.www
    dst_port INTEGER, -- port written in the URL or CONNECT target
    dst_ip TEXT COLLATE NOCASE, -- [observable host] address or name of the server or parent proxy that was asked
    sc_status INTEGER, -- status sent to the client
    sc_bytes INTEGER, -- bytes sent to the client
    cs_bytes INTEGER, -- bytes received from the client
    elapsed_ms INTEGER, -- duration in milliseconds; the time stamp is its end
    squid_action TEXT COLLATE NOCASE, -- Squid's result, TCP_MISS ...
    hier_code TEXT COLLATE NOCASE, -- how the server was reached, HIER_DIRECT ...
    mime_type TEXT COLLATE NOCASE, -- Content-Type of the reply
    c_useragent TEXT COLLATE NOCASE, -- [observable useragent] User-Agent
    cs_referrer TEXT COLLATE NOCASE, -- Referer
    cs_cookie TEXT COLLATE NOCASE, -- Cookie
    cs_version TEXT COLLATE NOCASE, -- HTTP version
    src_internal INTEGER AS (is_internal(src_ip)), -- 1: the client is in a network of the site
    dst_internal INTEGER AS (is_internal(dst_ip)), -- 1: the server is in a network of the site
    host TEXT COLLATE NOCASE -- the machine that wrote the log, from the syslog header
);

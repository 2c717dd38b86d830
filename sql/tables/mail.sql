-- Events of a mail server: one row a log line.
CREATE TABLE mail (
    process TEXT COLLATE NOCASE, -- the daemon: smtpd, cleanup, qmgr, smtp ...
    queue_id TEXT COLLATE NOCASE, -- the message within the server; NOQUEUE: refused before
    envelope_from TEXT COLLATE NOCASE, -- [observable email] sender of the envelope
    envelope_to TEXT COLLATE NOCASE, -- [observable email] recipient of the envelope
    header_from TEXT COLLATE NOCASE, -- [observable email] address in the From header
    header_from_name TEXT COLLATE NOCASE, -- decoded display name in it
    reply_to TEXT COLLATE NOCASE, -- [observable email] address in the Reply-To header
    subject TEXT COLLATE NOCASE, -- [subject] decoded Subject
    attachment_name TEXT COLLATE NOCASE, -- [observable filename] decoded file name
    attachment_name_raw TEXT COLLATE NOCASE, -- file name as written
    attachment_ext TEXT COLLATE NOCASE, -- its extension
    attachment_mime TEXT COLLATE NOCASE, -- media type claimed for it
    header_name TEXT COLLATE NOCASE, -- the header that was logged
    header_value TEXT COLLATE NOCASE, -- its value as written
    message_id TEXT COLLATE NOCASE, -- Message-ID
    client_name TEXT COLLATE NOCASE, -- [observable host] name of the client
    client_ip TEXT COLLATE NOCASE, -- [client observable host] address of the client
    client_port INTEGER, -- its port, where it is logged
    helo TEXT COLLATE NOCASE, -- [observable host] HELO that it gave
    proto TEXT COLLATE NOCASE, -- SMTP or ESMTP
    sasl_method TEXT COLLATE NOCASE, -- how it logged in
    sasl_username TEXT COLLATE NOCASE, -- [observable account] as whom it logged in
    sasl_sender TEXT COLLATE NOCASE, -- for whom it said that it sends
    tls_version TEXT COLLATE NOCASE, -- TLSv1.3 ...
    tls_cipher TEXT COLLATE NOCASE, -- cipher of the connection
    relay TEXT COLLATE NOCASE, -- the server that the message was given to
    relay_ip TEXT COLLATE NOCASE, -- [observable host] its address
    relay_port INTEGER, -- its port
    conn_use INTEGER, -- how many messages the connection had carried, this one included
    orig_to TEXT COLLATE NOCASE, -- [observable email] recipient before rewriting
    orig_queue_id TEXT COLLATE NOCASE, -- queue_id before a content filter handed the message back
    orig_client TEXT COLLATE NOCASE, -- name and address of the client of that one
    status TEXT COLLATE NOCASE, -- sent, deferred, bounced, reject ...
    dsn TEXT COLLATE NOCASE, -- delivery status code
    reply_code INTEGER, -- SMTP reply to the client, of refusals
    delay INTEGER, -- time in the server, milliseconds
    delays TEXT COLLATE NOCASE, -- before the queue/in it/connecting/sending, seconds
    size INTEGER, -- bytes of the message
    nrcpt INTEGER, -- recipients of the message
    action TEXT COLLATE NOCASE, -- connect, disconnect, reject, header, queued, delivery, removed ...
    message TEXT COLLATE NOCASE, -- the rest of the line, of lines without a form of their own
    detail TEXT COLLATE NOCASE, -- what follows it: the command, text or error that it is about
    pid INTEGER, -- process number
    host TEXT COLLATE NOCASE -- the mail server, from the syslog header
);

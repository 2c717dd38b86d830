-- What was sent to whom; a message is several lines of the log.
SELECT CASE WHEN $hit IN ('envelope_from', 'header_from', 'reply_to', 'sasl_username')
            THEN coalesce(envelope_to, nullif(client_name, 'unknown'), client_ip)
            WHEN $hit IN ('envelope_to', 'orig_to')
            THEN coalesce(envelope_from, relay, client_ip)
            ELSE coalesce(envelope_from, envelope_to, sasl_username) END AS other,
       CASE
       WHEN action = 'reject' THEN 'refused mail' || coalesce(' from ' || envelope_from, '')
            || coalesce(' to ' || envelope_to, '') || coalesce(': ' || message, '')
       WHEN attachment_name IS NOT NULL THEN 'mail' || coalesce(' from ' || envelope_from, '')
            || coalesce(' to ' || envelope_to, '') || ': attachment ' || attachment_name
            || coalesce(' (' || attachment_mime || ')', '')
       WHEN subject IS NOT NULL THEN 'mail' || coalesce(' from ' || envelope_from, '')
            || coalesce(' to ' || envelope_to, '') || ': subject "' || subject || '"'
       WHEN action = 'header' THEN 'mail' || coalesce(' from ' || envelope_from, '')
            || coalesce(' to ' || envelope_to, '') || ': header ' || coalesce(header_name, '?')
            || coalesce(': ' || header_value, '')
       WHEN action = 'delivery' THEN 'mail' || coalesce(' to ' || envelope_to, '')
            || CASE WHEN orig_to <> envelope_to THEN ' (for ' || orig_to || ')' ELSE '' END
            || coalesce(': ' || status, '') || coalesce(' through ' || relay, '')
            || CASE WHEN status <> 'sent' THEN coalesce(' (' || message || ')', '') ELSE '' END
       WHEN action = 'queued' THEN 'mail' || coalesce(' from ' || nullif(envelope_from, ''), ' from <>')
            || ' queued' || coalesce(', ' || size_text(size), '')
            || coalesce(' for ' || nrcpt || ' recipient(s)', '')
       WHEN action = 'login failed' THEN 'failed to log in'
            || coalesce(' as ' || sasl_username, '') || coalesce(' from ' || client_ip, '')
            || coalesce(' (' || sasl_method || ')', '')
       WHEN action = 'client' THEN 'message taken from ' || coalesce(client_name || ' ', '')
            || coalesce('[' || client_ip || ']', '')
            || coalesce(', logged in as ' || sasl_username, '')
       WHEN action IN ('connect', 'disconnect', 'lost', 'tls') THEN CASE action
                WHEN 'connect' THEN 'connected' WHEN 'disconnect' THEN 'disconnected'
                WHEN 'lost' THEN 'connection lost' ELSE 'encrypted' END
            || coalesce(': ' || nullif(client_name, 'unknown'), '')
            || coalesce(' [' || client_ip || ']', '')
            || coalesce(': ' || coalesce(tls_version, message), '')
       ELSE coalesce(process || ': ', '') || coalesce(action, '')
            || coalesce(' from ' || envelope_from, '') || coalesce(' to ' || envelope_to, '')
            || coalesce(' ' || message, '')
       END AS what,
       *
FROM mail

-- title: The firewall managed by somebody else, or at an odd hour
-- table: firewall
-- needs: firewall.message
-- stage: actions-on-objectives, command-and-control
-- attack: v19 T1686, T1078
-- level: high
-- tags: core
-- key: what, username, src_ip, day
-- why: {what} on {device} by {username} from {src_ip} on {day}: {reason}
-- evidence: firewall: event_id <> '00257' AND event_id IS :event_id AND username IS :username AND src_ip IS :src_ip
-- about: Log-ins to the firewall, changes of its rules and settings, a cleared log:
--   found when they come from an address that is not the administrator's
--   (administrators in kura.yaml), or off working hours and outside the
--   maintenance windows of that address. A failed log-in is told too. Benign: an
--   emergency at night. Next: what was changed (the configuration of before), and
--   was the person at work.
-- hit: fw-administration.hit.log
-- miss: fw-administration.miss.log
WITH event AS MATERIALIZED (
    SELECT ts, day, device, event_id, username, src_ip, message, working,
           CASE WHEN message REGEXP '(?i)(log|event|alarm)s? (was|were|has been|have been)? ?(cleared|deleted)|clear(ed)? (all )?logs?' THEN 'the log was cleared'
                WHEN message REGEXP '(?i)(fail|denied|reject|invalid)' AND message REGEXP '(?i)admin' THEN 'a failed log-in'
                WHEN message REGEXP '(?i)admin.* logged (in|on)' THEN 'a log-in'
                WHEN message REGEXP '(?i)polic.*(added|modified|deleted|removed|moved|enabled|disabled|changed)' THEN 'a change of rules'
                WHEN message REGEXP '(?i)(configuration|config|setting|admin).*(changed|modified|saved|erased|reset|added|deleted|imported|loaded)' THEN 'a change of settings'
           END AS what
    FROM firewall
    WHERE ts >= :from_ts AND ts < :to_ts AND message IS NOT NULL AND event_id <> '00257'
), judged AS (
    SELECT *,
           trim(CASE WHEN admin_host(username, src_ip) = 1 THEN ''
                     WHEN EXISTS (SELECT 1 FROM site_admin) AND src_ip IS NOT NULL
                      AND username IS NOT NULL THEN 'not a machine of an administrator; '
                     ELSE '' END
                || CASE WHEN working = 0 AND coalesce(in_maintenance(ts, src_ip), 0) = 0
                        THEN 'off working hours; ' ELSE '' END
                || CASE WHEN what IN ('the log was cleared', 'a failed log-in')
                        THEN 'always told; ' ELSE '' END, '; ') AS reason
    FROM event
    WHERE what IS NOT NULL
)
SELECT what, username, src_ip, day, min(device) AS device, min(event_id) AS event_id,
       max(reason) AS reason, min(message) AS message, count(*) AS events,
       min(ts) AS first_ts, max(ts) AS last_ts
FROM judged
WHERE reason <> ''
GROUP BY what, username, src_ip, day
ORDER BY what, username, src_ip, day

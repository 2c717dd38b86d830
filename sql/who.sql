-- Who used an address: kura who (cli/cmd_who.c).  ?1 the address, ?2 the instant
-- asked about, in microseconds; the tables hold what lies in the time looked at.
WITH machine AS MATERIALIZED (
    -- The machine that has the address: by its own account, else by the name that
    -- clients there gave.
    SELECT name FROM (
        SELECT machine_name(account_name(TargetUserName)) AS name, ts, 1 AS rank
        FROM windows
        WHERE src_ip = ?1 AND EventID IN (4624, 4768, 4769)
          AND (TargetUserName LIKE '%$' OR TargetUserName LIKE '%$@%')
        UNION ALL
        SELECT machine_name(WorkstationName), ts, 2
        FROM windows
        WHERE src_ip = ?1 AND EventID = 4624 AND LogonType = 3)
    WHERE name IS NOT NULL
    ORDER BY rank, ts DESC, name
    LIMIT 1
), machines AS MATERIALIZED (
    SELECT count(DISTINCT machine_name(account_name(TargetUserName))) AS n
    FROM windows
    WHERE src_ip = ?1 AND EventID IN (4624, 4768, 4769)
      AND (TargetUserName LIKE '%$' OR TargetUserName LIKE '%$@%')
), witness AS MATERIALIZED (
    SELECT ts, account_name(TargetUserName) AS account, 2 AS strength,
           CASE WHEN EventID = 4768 THEN 'Kerberos ticket (4768)'
                WHEN EventID = 4769 THEN 'service ticket (4769)'
                WHEN LogonType = 10 THEN 'remote desktop (4624 type 10)'
                WHEN LogonType = 3 THEN 'log-on over the network (4624 type 3)'
                ELSE 'log-on (4624 type ' || LogonType || ')' END AS witness,
           Computer AS told_by, source, line
    FROM windows
    WHERE src_ip = ?1
      AND (EventID = 4624 AND LogonType IN (2, 3, 7, 10, 11)
           OR EventID IN (4768, 4769) AND Status = '0x0')
      AND TargetUserName NOT LIKE '%$' AND TargetUserName NOT LIKE '%$@%'
      AND TargetUserName <> 'ANONYMOUS LOGON'
    UNION ALL
    -- At the machine itself: its log has no address.
    SELECT ts, account_name(TargetUserName), 2,
           CASE LogonType WHEN 2 THEN 'log-on at the machine (4624 type 2)'
                          WHEN 7 THEN 'machine unlocked (4624 type 7)'
                          ELSE 'log-on at the machine (4624 type 11)' END,
           Computer, source, line
    FROM windows
    WHERE EventID = 4624 AND LogonType IN (2, 7, 11)
      AND (src_ip IS NULL OR src_ip IN ('127.0.0.1', '::1'))
      AND TargetUserName NOT LIKE '%$'
      AND coalesce(TargetUserSid, '') NOT LIKE 'S-1-5-90-%'
      AND coalesce(TargetUserSid, '') NOT LIKE 'S-1-5-96-%'
      AND machine_name(Computer) = (SELECT name FROM machine)
    UNION ALL
    SELECT ts, account_name(cs_username), 1, 'user name at the proxy', format, source,
           line
    FROM proxy
    WHERE src_ip = ?1 AND cs_username IS NOT NULL
    UNION ALL
    SELECT ts, account_name(sasl_username), 1, 'log-in to the mail server', format,
           source, line
    FROM mail
    WHERE client_ip = ?1 AND sasl_username IS NOT NULL
), seen AS MATERIALIZED (
    -- The columns without an aggregate are those of the row with max(ts).
    SELECT account, strength, witness, told_by, source, line, max(ts) AS ts
    FROM witness
    WHERE account IS NOT NULL
    GROUP BY account, strength
), counted AS MATERIALIZED (
    SELECT account, strength, count(*) AS events, min(ts) AS first_ts
    FROM witness
    WHERE account IS NOT NULL
    GROUP BY account, strength
), ranked AS MATERIALIZED (
    SELECT s.*, c.events, c.first_ts,
           row_number() OVER (ORDER BY s.strength DESC, s.ts DESC, s.account) AS rank
    FROM seen AS s
    JOIN counted AS c ON c.account = s.account AND c.strength = s.strength
), best AS MATERIALIZED (
    SELECT * FROM ranked WHERE rank = 1
), left AS MATERIALIZED (
    SELECT max(ts) AS ts
    FROM windows
    WHERE EventID = 4647 AND machine_name(Computer) = (SELECT name FROM machine)
      AND account_name(TargetUserName) = (SELECT account FROM best)
), shared AS MATERIALIZED (
    SELECT count(*) AS n, min(r.account) AS account
    FROM ranked AS r, best AS b
    WHERE r.strength = b.strength AND r.rank > 1 AND r.ts > b.first_ts
), later AS MATERIALIZED (
    SELECT r.account, r.witness
    FROM ranked AS r, best AS b
    WHERE r.strength < b.strength AND r.account <> b.account AND r.ts > b.ts
    ORDER BY r.rank
    LIMIT 1
)
SELECT r.account AS who, iif(r.rank = 1, 'answer', 'also') AS answer, r.witness,
       local_time(r.ts) AS seen,
       CASE WHEN ?2 - r.ts < 120000000 THEN ((?2 - r.ts) / 1000000) || ' s'
            WHEN ?2 - r.ts < 7200000000 THEN ((?2 - r.ts) / 60000000) || ' min'
            ELSE ((?2 - r.ts) / 3600000000) || ' h '
                 || ((?2 - r.ts) / 60000000 % 60) || ' min' END AS before,
       r.events, (SELECT name FROM machine) AS machine, r.told_by,
       r.source || ':' || r.line AS event,
       CASE WHEN r.rank > 1 AND r.strength < (SELECT strength FROM best)
            THEN 'weaker witness'
            WHEN r.rank > 1 AND r.ts > (SELECT first_ts FROM best)
            THEN 'at the same time'
            WHEN r.rank > 1 THEN 'before the other'
            ELSE coalesce(
                (SELECT substr(group_concat(text, '; '), 1, 400) FROM (
                    SELECT 'only a weak witness: no log-on in that time' AS text
                    WHERE r.strength = 1
                    UNION ALL
                    SELECT 'shared: ' || n || ' more account(s) in the same time, such as '
                           || account FROM shared WHERE n > 0
                    UNION ALL
                    SELECT 'later ' || witness || ': ' || account FROM later
                    UNION ALL
                    SELECT 'logged off (4647) at ' || local_time(ts)
                    FROM left WHERE ts > r.ts
                    UNION ALL
                    SELECT n || ' machines had the address in that time'
                    FROM machines WHERE n > 1)), '') END AS against
FROM ranked AS r
ORDER BY r.rank

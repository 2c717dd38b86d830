-- title: Passwords tried until one was right
-- table: mail
-- needs: mail.sasl_username
-- window: 1d
-- stage: delivery, actions-on-objectives
-- attack: v19 T1110, T1078, T1133
-- level: high
-- tags: core
-- param: min_failures integer 10 "smallest number of failed log-ins before"
-- param: within_minutes integer 60 "within so many minutes before the one that succeeded"
-- key: client_ip, sasl_username
-- why: {client_ip:defang} failed to log in {failures} times, then sent mail as {sasl_username}
-- about: The account is taken over: whoever guessed the password sends mail as its
--   owner, from our server. Many failures without a success are the noise of the
--   Internet and no finding. Benign: a telephone with an old password behind the
--   same address as its owner's computer. Next: lock the account, look at
--   everything it sent since (mail-internal-burst, mail-outgoing-volume), and at
--   other services that take the same password.
-- hit: mail-sasl-abuse.hit.log
-- miss: mail-sasl-abuse.miss.log
WITH guesser AS MATERIALIZED (
    SELECT client_ip
    FROM mail_rollup
    WHERE action = 'login failed' AND client_ip IS NOT NULL
    GROUP BY client_ip
    HAVING sum(events) >= :min_failures
), entered AS MATERIALIZED (
    SELECT client_ip
    FROM mail_rollup
    WHERE ts >= :from_ts AND ts < :to_ts AND action = 'client'
      AND sasl_username IS NOT NULL
      AND client_ip IN (SELECT client_ip FROM guesser)
    GROUP BY client_ip
), event AS MATERIALIZED (
    SELECT client_ip, ts, NULL AS sasl_username, 1 AS failure
    FROM mail
    WHERE action = 'login failed' AND client_ip IN (SELECT client_ip FROM entered)
    UNION ALL
    SELECT client_ip, ts, sasl_username, 0
    FROM mail
    WHERE ts >= :from_ts AND ts < :to_ts AND action = 'client'
      AND sasl_username IS NOT NULL
      AND client_ip IN (SELECT client_ip FROM entered)
), judged AS (
    SELECT client_ip, ts, sasl_username, sum(failure) OVER before AS failures,
           min(ts) OVER before AS first_ts
    FROM event
    WINDOW before AS (PARTITION BY client_ip ORDER BY ts
                      RANGE BETWEEN :within_minutes * 60000000 PRECEDING AND CURRENT ROW)
)
SELECT client_ip, sasl_username, max(failures) AS failures, count(*) AS messages,
       min(first_ts) AS first_ts, max(ts) AS last_ts
FROM judged
WHERE sasl_username IS NOT NULL AND failures >= :min_failures
GROUP BY client_ip, sasl_username
ORDER BY client_ip, sasl_username

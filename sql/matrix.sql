-- The guide's table: stages of the attack by source of logs, with the hunts that
-- cover each cell.
WITH cell AS (
    SELECT number, "table", count(*) || ': ' || group_concat(hunt, ', ') AS names
    FROM (SELECT number, "table", hunt FROM stage
          JOIN hunts ON stages & (1 << number) ORDER BY hunt)
    GROUP BY number, "table"
)
SELECT number + 1 AS number, name AS stage,
       (SELECT names FROM cell AS c WHERE c.number = s.number
        AND "table" = 'mail') AS mail,
       (SELECT names FROM cell AS c WHERE c.number = s.number
        AND "table" = 'firewall') AS firewall,
       (SELECT names FROM cell AS c WHERE c.number = s.number
        AND "table" = 'proxy') AS proxy,
       (SELECT names FROM cell AS c WHERE c.number = s.number
        AND "table" = 'dns') AS dns,
       (SELECT names FROM cell AS c WHERE c.number = s.number
        AND "table" = 'windows') AS windows
FROM stage AS s ORDER BY number;

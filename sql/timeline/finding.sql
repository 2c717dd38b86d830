-- Findings whose row, or a line behind which, names the entity (?2: a pattern).
-- One without a time stands where the range of its first run begins.
SELECT coalesce(f.first_ts, r.from_ts) AS ts, coalesce(f.last_ts, f.first_ts, r.from_ts) AS last_ts,
       f.hunt AS other, f.level || ': ' || f.why AS what,
       f.id AS source, NULL AS line, NULL AS raw, f."row" AS "row"
FROM finding AS f JOIN hunt_run AS r ON r.number = f.first_run
WHERE EXISTS (SELECT 1 FROM json_each(f."row") WHERE value REGEXP ?2)
      OR EXISTS (SELECT 1 FROM evidence AS e WHERE e.finding = f.id AND e.raw REGEXP ?2)

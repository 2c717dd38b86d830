-- The list of findings that a command shows (cli/findings.c), in memory.
CREATE TABLE shown (
    state TEXT, -- new, still, gone
    level TEXT, level_order INTEGER,
    hunt TEXT, stage TEXT, attack TEXT,
    id TEXT, why TEXT,
    "key" TEXT, "row" TEXT, -- JSON
    first_ts INTEGER, last_ts INTEGER, events INTEGER,
    allowed INTEGER -- the rule, NULL: none
);
CREATE INDEX shown_id ON shown (id);
CREATE TABLE rule (
    number INTEGER, hunt TEXT, "column" TEXT, kind TEXT, value TEXT,
    reason TEXT
);
CREATE VIEW people AS
SELECT state, level, hunt, id, substr(local_time(first_ts), 1, 16) AS first,
       substr(local_time(last_ts), 1, 16) AS last, events,
       why || coalesce(' (allowed: ' || (SELECT reason FROM rule
                                         WHERE number = allowed) || ')', '')
           AS why, allowed
FROM shown
ORDER BY CASE state WHEN 'new' THEN 0 WHEN 'still' THEN 1 ELSE 2 END,
         level_order DESC, hunt, "key", id;
CREATE VIEW machine AS
SELECT state, level, hunt, stage, attack, id, iso_time(first_ts) AS first,
       iso_time(last_ts) AS last, events, why,
       (SELECT reason FROM rule WHERE number = allowed) AS allowed_reason,
       "key", "row", allowed
FROM shown
ORDER BY CASE state WHEN 'new' THEN 0 WHEN 'still' THEN 1 ELSE 2 END,
         level_order DESC, hunt, "key", id;

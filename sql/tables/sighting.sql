-- Distinct values of the observable columns of the other tables, one row per
-- table, column, value and UTC day (of each partition, where a day has several).
-- Kept for good, whatever becomes of the logs.
CREATE TABLE sighting (
    time TEXT AS (iso_time(ts)), -- first seen on that day, UTC, ISO 8601 with microseconds and Z
    ts INTEGER, -- the same in microseconds since 1970-01-01T00:00:00Z
    last_time TEXT AS (iso_time(last_ts)), -- last seen on that day
    last_ts INTEGER, -- the same in microseconds
    day TEXT AS (utc_day(ts)), -- the UTC day, YYYY-MM-DD
    table_name TEXT COLLATE NOCASE, -- the table that has the rows
    observable TEXT COLLATE NOCASE, -- its column
    value TEXT COLLATE NOCASE, -- what it holds, as logged; never empty
    events INTEGER, -- rows with that value
    clients INTEGER, -- different clients among them; NULL: the table names no client
    partition TEXT -- id of the partition that has the rows
);

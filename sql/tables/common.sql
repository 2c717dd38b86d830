-- Columns that every table has.
CREATE TABLE common (
    time TEXT AS (iso_time(ts)), -- when it happened, UTC, ISO 8601 with microseconds and Z: text order is time order
    ts INTEGER, -- the same in microseconds since 1970-01-01T00:00:00Z
    day TEXT AS (local_day(ts)), -- date in the site's time zone, YYYY-MM-DD
    hour INTEGER AS (local_hour(ts)), -- hour of that day, 0 to 23
    weekday INTEGER AS (local_weekday(ts)), -- 1 Monday to 7 Sunday
    working INTEGER AS (business_hours(ts)), -- 1: within the site's working hours and on no holiday, 0: not
    time_origin TEXT COLLATE NOCASE, -- NULL: the line has its time; previous: taken from the line before; file: from the file
    format TEXT COLLATE NOCASE, -- the format that read the line
    source TEXT COLLATE NOCASE, -- the file that it stood in
    line INTEGER, -- its number in that file, from 1
    raw TEXT AS (raw(shape)) -- the line as it was read, without its end (LF or CR LF)
);

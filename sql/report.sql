-- A report while it is made: an in-memory database that collectors fill and that
-- every output format is written from.  Times are microseconds since 1970 UTC,
-- days are texts in the site's zone.
CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;

-- Findings, with what is allowed told apart.
CREATE TABLE finding (
    id TEXT PRIMARY KEY,
    state TEXT NOT NULL, -- new, still, gone
    level TEXT NOT NULL, level_order INTEGER NOT NULL,
    hunt TEXT NOT NULL, title TEXT, stage TEXT, attack TEXT,
    why TEXT NOT NULL, about TEXT,
    "key" TEXT NOT NULL, "row" TEXT NOT NULL, -- JSON
    first_ts INTEGER, last_ts INTEGER, events INTEGER,
    clients INTEGER,
    allowed TEXT -- the reason, NULL: not allowed
);
CREATE TABLE evidence (
    finding TEXT NOT NULL, number INTEGER NOT NULL,
    "table" TEXT NOT NULL, ts INTEGER NOT NULL,
    source TEXT NOT NULL, line INTEGER, raw TEXT NOT NULL,
    PRIMARY KEY (finding, number)
) WITHOUT ROWID;
-- The copied lines of a finding, by slice of the period: when, not how many.
CREATE TABLE spark (
    finding TEXT NOT NULL, slice INTEGER NOT NULL, events INTEGER NOT NULL,
    PRIMARY KEY (finding, slice)
) WITHOUT ROWID;

-- What each hunt did.
CREATE TABLE run (
    hunt TEXT NOT NULL, title TEXT, version TEXT NOT NULL, params TEXT NOT NULL,
    from_ts INTEGER, to_ts INTEGER,
    status TEXT NOT NULL, reason TEXT NOT NULL, findings INTEGER NOT NULL
);
-- Hunts that cover a stage by a source of logs.
CREATE TABLE cover (stage INTEGER, "table" TEXT, hunt TEXT);

-- The period's normal.
CREATE TABLE activity (
    "table" TEXT NOT NULL, weekday INTEGER NOT NULL, hour INTEGER NOT NULL,
    events INTEGER NOT NULL,
    PRIMARY KEY ("table", weekday, hour)
) WITHOUT ROWID;
CREATE TABLE working (weekday INTEGER, hour INTEGER, share REAL);
CREATE TABLE talker (
    "table" TEXT NOT NULL, client TEXT, events INTEGER, bytes INTEGER
);
-- day NULL: a source that spoke before the period and not in it.
CREATE TABLE volume ("table" TEXT, source TEXT, day TEXT, rows INTEGER);
CREATE TABLE before ("table" TEXT, source TEXT, day TEXT, rows INTEGER);
CREATE TABLE coverage (
    "table" TEXT, first_day TEXT, last_day TEXT, how TEXT, searched INTEGER,
    rows INTEGER, place TEXT
);

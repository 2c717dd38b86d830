-- Hunts: what ran over which days, what it found, what is allowed.

-- A run of one hunt over one range with one set of parameters.
CREATE TABLE hunt_run (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    hunt TEXT NOT NULL,
    version TEXT NOT NULL, -- of the hunt: a hash of what its answer depends on
    params TEXT NOT NULL, -- those that differ from the defaults: a JSON object
    from_ts INTEGER NOT NULL, to_ts INTEGER NOT NULL, -- half-open, microseconds
    archived INTEGER NOT NULL, -- 1: volumes were read in place
    started_at INTEGER NOT NULL, -- microseconds since 1970
    ms INTEGER NOT NULL, -- how long it took
    -- done; partial: days of the range were not searched; failed; timeout;
    -- stopped: by the user; skipped: no log fills the columns that it needs
    status TEXT NOT NULL CHECK (status IN ('done', 'partial', 'failed',
                                           'timeout', 'stopped', 'skipped')),
    reason TEXT NOT NULL, -- why it is not done
    findings INTEGER NOT NULL,
    coverage TEXT NOT NULL -- JSON, as kura sql --format json gives it
);
CREATE INDEX hunt_run_hunt ON hunt_run (hunt, version, params);

-- The ledger: the last run of a hunt over each day of the site's zone.
CREATE TABLE hunt_day (
    hunt TEXT NOT NULL, version TEXT NOT NULL, params TEXT NOT NULL,
    day INTEGER NOT NULL, -- days since 1970
    run INTEGER NOT NULL REFERENCES hunt_run (number),
    rows INTEGER NOT NULL, -- of the hunt's tables on that day: more since are late
    PRIMARY KEY (hunt, version, params, day)
) WITHOUT ROWID;

-- What was found: one row a key, however many runs saw it.
CREATE TABLE finding (
    id TEXT PRIMARY KEY, -- 16 hex digits of SHA-256 over hunt, version, params, key
    hunt TEXT NOT NULL, version TEXT NOT NULL, params TEXT NOT NULL,
    level TEXT NOT NULL,
    why TEXT NOT NULL, -- one sentence, of the last run that saw it
    "key" TEXT NOT NULL, -- JSON object: the key columns, folded
    "row" TEXT NOT NULL, -- JSON object: the row of the last run that saw it
    first_ts INTEGER, last_ts INTEGER, -- over all runs, where the hunt gives them
    events INTEGER,
    first_run INTEGER NOT NULL REFERENCES hunt_run (number),
    last_run INTEGER NOT NULL REFERENCES hunt_run (number),
    gone_run INTEGER REFERENCES hunt_run (number) -- looked there again in vain
) WITHOUT ROWID;
CREATE INDEX finding_hunt ON finding (hunt, version, params);

-- The rows behind a finding: copies, so that they outlive their archive.
CREATE TABLE evidence (
    finding TEXT NOT NULL REFERENCES finding (id),
    number INTEGER NOT NULL, -- from 1
    "table" TEXT NOT NULL,
    ts INTEGER NOT NULL, -- microseconds since 1970
    source TEXT NOT NULL, line INTEGER, -- where it stood
    raw TEXT NOT NULL, -- the line
    PRIMARY KEY (finding, number)
) WITHOUT ROWID;

-- What is known and fine: applied when findings are shown, never when they are
-- made.
CREATE TABLE allow (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    hunt TEXT NOT NULL, -- '' every hunt
    "column" TEXT NOT NULL, -- of the finding's row
    kind TEXT NOT NULL CHECK (kind IN ('exact', 'domain', 'network', 'glob')),
    value TEXT NOT NULL,
    reason TEXT NOT NULL,
    owner TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    expires_at INTEGER, -- NULL never
    removed_at INTEGER
);

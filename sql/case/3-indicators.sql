-- Indicators: what to look for, and what of it was found where.

-- One row a type and value that is looked for.  A value that is removed and
-- comes back gets a new number, so that numbers tell what is new.
CREATE TABLE indicator (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    type TEXT NOT NULL CHECK (type IN ('address', 'network', 'domain', 'url',
        'email', 'subject', 'filename', 'hash', 'account', 'useragent')),
    value TEXT NOT NULL COLLATE NOCASE, -- normal form: what is matched
    written TEXT NOT NULL, -- as it was imported
    source TEXT NOT NULL COLLATE NOCASE, -- who says so
    confidence INTEGER NOT NULL, -- 0 to 100, after warning lists
    stated INTEGER NOT NULL, -- the same before them
    tlp TEXT NOT NULL COLLATE NOCASE, -- clear, green, amber, amber+strict, red; '' not said
    first_seen INTEGER, -- microseconds since 1970; NULL: not said
    expires_at INTEGER, -- matched after that too, with a mark; NULL: never
    campaign TEXT NOT NULL COLLATE NOCASE,
    comment TEXT NOT NULL,
    warning TEXT NOT NULL, -- the warning list that names it; '' none does
    added_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL, -- by a later import
    removed_at INTEGER -- not matched any more
);
CREATE UNIQUE INDEX indicator_value ON indicator (type, value COLLATE BINARY)
    WHERE removed_at IS NULL;

-- Which partitions' sightings were matched, against the indicators up to which
-- number.  A partition that has other rows by now is matched again.
CREATE TABLE indicator_matched (
    partition TEXT PRIMARY KEY, -- its id
    rows INTEGER NOT NULL, -- of logs that it had
    upto INTEGER NOT NULL,
    lines INTEGER NOT NULL -- the same for what has no sightings: subjects, URLs
) WITHOUT ROWID;

-- What was found: an indicator in a column of a partition.
CREATE TABLE indicator_hit (
    indicator INTEGER NOT NULL REFERENCES indicator (number),
    "table" TEXT NOT NULL, "column" TEXT NOT NULL,
    partition TEXT NOT NULL,
    -- exact, below: a name below the domain; inside: the network; sender: the
    -- domain of an address; url; host of url: its rows say no more
    how TEXT NOT NULL,
    day INTEGER NOT NULL, -- of the partition, days since 1970, UTC
    first_ts INTEGER NOT NULL, last_ts INTEGER NOT NULL, -- microseconds
    events INTEGER NOT NULL,
    clients INTEGER, -- the most that one value had
    value TEXT NOT NULL, -- as logged, one of them
    -- The first run that found it on that day, counted from 1, and when it was.
    run INTEGER NOT NULL, found_at INTEGER NOT NULL,
    last_run INTEGER NOT NULL, -- the last one that found it
    PRIMARY KEY (indicator, "table", "column", how, partition)
) WITHOUT ROWID;
CREATE INDEX indicator_hit_run ON indicator_hit (run);

-- The catalog of a warehouse (catalog.db).  Everything in it but the numbers
-- can be derived from the partitions.
--
-- state: making     the file is not durable yet; after a crash it never is
--        open       takes rows
--        full       takes no more rows
--        replaced   another partition stands in its place; its file goes next
--        gone       its file was removed: the row keeps the name from reuse
CREATE TABLE partition (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    "table" TEXT NOT NULL,
    day INTEGER NOT NULL, -- days since 1970, UTC
    path TEXT NOT NULL UNIQUE, -- from the warehouse: online/dns/2026-08-25.db
    state TEXT NOT NULL
        CHECK (state IN ('making', 'open', 'full', 'replaced', 'gone')),
    rows INTEGER NOT NULL DEFAULT 0,
    bytes INTEGER NOT NULL DEFAULT 0, -- of the lines that the rows were made of
    replaced_by INTEGER REFERENCES partition (number)
);
CREATE INDEX partition_day ON partition ("table", day);

-- Files that were loaded, and how far.
CREATE TABLE source (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL UNIQUE,
    format TEXT,
    bytes INTEGER NOT NULL, -- the resume mark
    lines INTEGER NOT NULL,
    sha256 TEXT NOT NULL, -- of those bytes
    terminated INTEGER NOT NULL, -- 1: they end with a line's end
    as_of INTEGER, -- of a run that did not finish, microseconds since 1970
    last_ts INTEGER, -- time of the last line before the mark that had one
    head BLOB -- its first bytes, 4096 at most: shorter copies are known by them
);

-- What each partition says about its sources.
CREATE TABLE partition_source (
    partition INTEGER NOT NULL REFERENCES partition (number) ON DELETE CASCADE,
    key TEXT NOT NULL,
    name TEXT NOT NULL,
    rows INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    first_ts INTEGER NOT NULL,
    last_ts INTEGER NOT NULL,
    PRIMARY KEY (partition, key)
) WITHOUT ROWID;

-- The catalog of a warehouse (catalog.db).  Everything in it but the numbers
-- can be derived from the partitions and volumes: kura catalog rebuild does.
--
-- state: making     the file is not durable yet; after a crash it never is
--        open       takes rows
--        full       takes no more rows
--        sealed     never changes again; online
--        archived   lies in a volume; not online
--        expired    its volume's keep period is over
--        replaced   other partitions stand in its place
CREATE TABLE partition (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    "table" TEXT NOT NULL,
    day INTEGER NOT NULL, -- days since 1970, UTC
    state TEXT NOT NULL CHECK (state IN ('making', 'open', 'full', 'sealed',
                                         'archived', 'expired', 'replaced')),
    rows INTEGER NOT NULL DEFAULT 0,
    bytes INTEGER NOT NULL DEFAULT 0, -- of the lines that the rows were made of
    first_ts INTEGER, last_ts INTEGER, -- of its rows; NULL: none
    sha256 TEXT, -- of the plain database, once sealed
    replaces TEXT NOT NULL DEFAULT '', -- ids, separated by blanks
    replaced_by INTEGER REFERENCES partition (number)
);
CREATE INDEX partition_day ON partition ("table", day);

-- Files of partitions in the warehouse.  A dead file is one that no statement
-- opens any more; it is removed when nobody reads, and then gone.  Names are
-- never used again, so rows stay.
CREATE TABLE file (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    partition INTEGER NOT NULL REFERENCES partition (number),
    kind TEXT NOT NULL CHECK (kind IN ('online', 'restored', 'sighting')),
    lease TEXT, -- restored: which lease
    path TEXT NOT NULL UNIQUE, -- from the warehouse: online/dns/2026-08-25.db
    size INTEGER NOT NULL DEFAULT 0, -- compressed bytes; 0: a plain database
    state TEXT NOT NULL CHECK (state IN ('making', 'live', 'dead', 'gone'))
);
CREATE INDEX file_partition ON file (partition);

-- Volumes: tar files with sealed partitions of one table and month.
-- state: making, live, expired (its files are removed or to be removed),
--        forgotten (the user said that the medium is gone)
CREATE TABLE volume (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL UNIQUE, -- 2025Q1/proxy-2025-01.tar
    "table" TEXT NOT NULL,
    first_day INTEGER NOT NULL, last_day INTEGER NOT NULL,
    bytes INTEGER NOT NULL DEFAULT 0,
    sha256 TEXT NOT NULL DEFAULT '', -- of the tar file
    made_at INTEGER NOT NULL, -- microseconds since 1970
    state TEXT NOT NULL
        CHECK (state IN ('making', 'live', 'expired', 'forgotten'))
);
-- Where copies of a volume were written, and when each was last read whole.
CREATE TABLE volume_copy (
    volume INTEGER NOT NULL REFERENCES volume (number),
    destination TEXT NOT NULL, -- directory; a relative one is in the warehouse
    verified_at INTEGER,
    PRIMARY KEY (volume, destination)
) WITHOUT ROWID;
CREATE TABLE member (
    partition INTEGER NOT NULL REFERENCES partition (number),
    volume INTEGER NOT NULL REFERENCES volume (number),
    name TEXT NOT NULL, -- in the tar file: proxy/2025-01-31.db.zst
    offset INTEGER NOT NULL, size INTEGER NOT NULL,
    PRIMARY KEY (partition, volume)
) WITHOUT ROWID;
CREATE INDEX member_volume ON member (volume);

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
    held_bytes INTEGER NOT NULL, held_lines INTEGER NOT NULL,
    held_sha256 TEXT NOT NULL,
    rows INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    first_ts INTEGER NOT NULL,
    last_ts INTEGER NOT NULL,
    PRIMARY KEY (partition, key)
) WITHOUT ROWID;

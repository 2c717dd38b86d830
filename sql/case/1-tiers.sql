-- case.db: what cannot be derived from logs.  The files of this folder are run
-- in the order of their numbers, each once: user_version is that of the last.
-- Nothing here is deleted from: holds and leases end, the trail only grows.
CREATE TABLE hold (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL, -- of the case
    "table" TEXT NOT NULL, -- '' every table
    first_day INTEGER NOT NULL, last_day INTEGER NOT NULL, -- since 1970, UTC
    made_at INTEGER NOT NULL, -- microseconds since 1970
    owner TEXT NOT NULL,
    removed_at INTEGER
);
CREATE TABLE lease (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL, -- of the case
    owner TEXT NOT NULL,
    "table" TEXT NOT NULL,
    first_day INTEGER NOT NULL, last_day INTEGER NOT NULL,
    made_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
    state TEXT NOT NULL
        CHECK (state IN ('making', 'active', 'ending', 'ended'))
);
CREATE TABLE audit (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL, -- microseconds since 1970
    owner TEXT NOT NULL, -- who did it
    what TEXT NOT NULL, -- hold-add, hold-remove, lease-active, volume-expire ...
    subject TEXT NOT NULL
);
CREATE TRIGGER audit_stays BEFORE DELETE ON audit
BEGIN SELECT raise(ABORT, 'the audit trail only grows'); END;
CREATE TRIGGER audit_stands BEFORE UPDATE ON audit
BEGIN SELECT raise(ABORT, 'the audit trail only grows'); END;

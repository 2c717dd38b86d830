-- What every partition has, before its dictionaries and its view
-- (docs/format.md).
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE "column" (id INTEGER PRIMARY KEY, name TEXT, type TEXT,
                       nocase INTEGER);
CREATE TABLE source (id INTEGER PRIMARY KEY, key TEXT UNIQUE, name TEXT,
                     held_bytes INTEGER, held_lines INTEGER, held_sha256 TEXT,
                     rows INTEGER, bytes INTEGER,
                     first_ts INTEGER, last_ts INTEGER);
CREATE TABLE segment (id INTEGER PRIMARY KEY, rows INTEGER,
                      first_ts INTEGER, last_ts INTEGER);
CREATE TABLE chunk (id INTEGER PRIMARY KEY, base INTEGER, scale INTEGER,
                    width INTEGER, low INTEGER, high INTEGER, crc INTEGER,
                    data BLOB);

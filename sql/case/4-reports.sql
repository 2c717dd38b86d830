-- Reports that were made, so that those that a pause left out are made later.
CREATE TABLE report_run (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    report TEXT NOT NULL,
    from_ts INTEGER NOT NULL, to_ts INTEGER NOT NULL, -- half-open, microseconds
    made_at INTEGER NOT NULL, -- microseconds since 1970
    fresh INTEGER NOT NULL -- findings that were new
);
CREATE INDEX report_run_report ON report_run (report, to_ts);

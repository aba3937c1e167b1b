-- What the tables hold, written in the transaction that filled them: a ledger that says more than the warehouse holds
-- (a warehouse removed, or put back from an older copy) is found out by comparing.
CREATE TABLE IF NOT EXISTS etl_done (
    pipeline TEXT NOT NULL,
    day      TEXT NOT NULL,
    stage    TEXT NOT NULL,
    name     TEXT NOT NULL,
    digest   TEXT NOT NULL,
    PRIMARY KEY (pipeline, day, stage, name)
) STRICT, WITHOUT ROWID;

-- What every warehouse has besides the pipelines' own tables.
CREATE TABLE IF NOT EXISTS quality_check_log (
    check_date     TEXT NOT NULL,
    pipeline       TEXT NOT NULL,
    dataset        TEXT NOT NULL,
    check_no       INTEGER NOT NULL, -- place among the dataset's checks
    check_name     TEXT NOT NULL,
    check_type     TEXT NOT NULL,
    target_table   TEXT NOT NULL,
    total_records  INTEGER NOT NULL,
    failed_records INTEGER NOT NULL,
    pass_rate      REAL NOT NULL,
    status         TEXT NOT NULL CHECK (status IN ('PASS', 'FAIL')),
    detail         TEXT,             -- the first samples in words
    samples        TEXT,             -- up to 10, JSON: [{"line":3,"field":"user_id","message":"..."}]
    created_at     TEXT NOT NULL,
    PRIMARY KEY (pipeline, dataset, check_date, check_no)
) STRICT;
CREATE INDEX IF NOT EXISTS quality_check_log_date ON quality_check_log (check_date);

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

-- What the fields of a day's raw records held, where the dataset says "profile": true.
CREATE TABLE IF NOT EXISTS profile_log (
    profile_date    TEXT NOT NULL,
    pipeline        TEXT NOT NULL,
    dataset         TEXT NOT NULL,
    field_no        INTEGER NOT NULL, -- 0: the record itself; then the fields in the order of the profile
    field           TEXT NOT NULL,    -- JSON pointer, /items/* for the elements of /items
    title           TEXT,
    types           TEXT NOT NULL,    -- "integer 1204, null 3"
    records         INTEGER NOT NULL, -- how often it could have been there
    present         INTEGER NOT NULL,
    nulls           INTEGER NOT NULL,
    empties         INTEGER NOT NULL,
    distinct_values INTEGER NOT NULL,
    distinct_exact  INTEGER NOT NULL, -- 0: estimated
    min             TEXT,
    max             TEXT,
    mean            REAL,             -- these of numbers
    stddev          REAL,
    q25             REAL,
    median          REAL,
    q75             REAL,
    outliers        INTEGER NOT NULL, -- beyond Tukey's fences
    length_min      INTEGER,          -- code points
    length_max      INTEGER,
    top_value       TEXT,
    top_count       INTEGER,
    profile         TEXT NOT NULL,    -- JSON: the field's; of the record itself the whole document
    created_at      TEXT NOT NULL,
    PRIMARY KEY (pipeline, dataset, profile_date, field_no)
) STRICT;
CREATE INDEX IF NOT EXISTS profile_log_date ON profile_log (profile_date);

-- The ledger: what was done, by whom, with what result. Times are UTC, ISO 8601 with Z.
CREATE TABLE IF NOT EXISTS runs (
    run_id      TEXT PRIMARY KEY,
    pipeline    TEXT NOT NULL,
    day         TEXT NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('running', 'done', 'partial', 'failed', 'gate_failed', 'stopped', 'empty')), -- partial: --from or --only left steps undone
    attempt     INTEGER NOT NULL,
    started_at  TEXT NOT NULL,
    finished_at TEXT,
    error       TEXT,
    pid         INTEGER,
    host        TEXT,
    command     TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS runs_day ON runs (pipeline, day, started_at);

CREATE TABLE IF NOT EXISTS tasks (
    task_id           INTEGER PRIMARY KEY,
    run_id            TEXT NOT NULL,
    pipeline          TEXT NOT NULL,
    day               TEXT NOT NULL,
    stage             TEXT NOT NULL,
    dataset           TEXT NOT NULL,
    mode              TEXT NOT NULL CHECK (mode IN ('run', 'filter')),
    state             TEXT NOT NULL CHECK (state IN ('running', 'done', 'failed', 'gate_failed', 'stopped', 'empty', 'skipped')),
    attempt           INTEGER NOT NULL,
    rows_in           INTEGER,
    rows_out          INTEGER,
    rows_rejected     INTEGER,
    bytes             INTEGER,
    seconds           REAL,
    input_digest      TEXT,
    definition_digest TEXT,
    output_digest     TEXT,
    version           TEXT,
    pid               INTEGER,
    pid_start         INTEGER, -- start time of the process in clock ticks since boot: a pid alone may be used again
    boot              TEXT,    -- the kernel's boot_id: pids and pipe numbers mean something within one boot only
    process_group     INTEGER,
    out_pipe          INTEGER, -- inode of the pipe that standard output is, for the next stage to find us
    bytes_out         INTEGER,
    started_at        TEXT NOT NULL,
    finished_at       TEXT,
    error             TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS tasks_step ON tasks (pipeline, day, stage, dataset, task_id);
CREATE INDEX IF NOT EXISTS tasks_run ON tasks (run_id);
CREATE INDEX IF NOT EXISTS tasks_pipe ON tasks (out_pipe) WHERE out_pipe IS NOT NULL;

CREATE TABLE IF NOT EXISTS requests (
    source      TEXT NOT NULL,
    day         TEXT NOT NULL,
    sha1        TEXT NOT NULL,
    url         TEXT NOT NULL, -- without secrets
    state       TEXT NOT NULL,
    reason      TEXT,
    http_status INTEGER,
    attempts    INTEGER NOT NULL DEFAULT 0,
    updated_at  TEXT NOT NULL,
    run_id      TEXT,
    expires_at  TEXT,
    PRIMARY KEY (source, day, sha1)
) STRICT;
CREATE INDEX IF NOT EXISTS requests_failed ON requests (source, day) WHERE state<>'SUCCESS';

CREATE TABLE IF NOT EXISTS cursors (
    pipeline   TEXT NOT NULL,
    name       TEXT NOT NULL,
    value      TEXT,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (pipeline, name)
) STRICT;

CREATE TABLE IF NOT EXISTS events (
    event_id INTEGER PRIMARY KEY,
    at       TEXT NOT NULL,
    who      TEXT NOT NULL,
    pipeline TEXT,
    day      TEXT,
    run_id   TEXT,
    what     TEXT NOT NULL,
    detail   TEXT
) STRICT;
CREATE TRIGGER IF NOT EXISTS events_keep_update BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'events is append-only'); END;
CREATE TRIGGER IF NOT EXISTS events_keep_delete BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'events is append-only'); END;

-- What each thing that alerts watch was last known as: a message is sent when that changes, not each time it is seen.
CREATE TABLE IF NOT EXISTS alert_states (
    pipeline TEXT NOT NULL,
    day      TEXT NOT NULL,    -- '' for what is no day's: stale
    subject  TEXT NOT NULL,    -- run, late, slow.STAGE, stale; look: when anybody last looked at all
    state    TEXT NOT NULL CHECK (state IN ('ok', 'failure', 'gate', 'missed')),
    cause    TEXT NOT NULL,    -- of what, without figures: the same again is no news
    since    TEXT NOT NULL,
    seen     INTEGER NOT NULL, -- how often in this state
    changes  INTEGER NOT NULL, -- part of the messages' ids
    PRIMARY KEY (pipeline, day, subject)
) STRICT, WITHOUT ROWID;

-- The outbox: messages that wait, and for thirty days those that were sent or given up. Where they go to is not kept:
-- addresses of webhooks are secrets, and the definition knows them.
CREATE TABLE IF NOT EXISTS alerts (
    alert_id   INTEGER PRIMARY KEY,
    id         TEXT NOT NULL,  -- the same for every attempt to send it
    channel    TEXT NOT NULL CHECK (channel IN ('slack', 'email', 'webhook')),
    pipeline   TEXT NOT NULL,
    day        TEXT NOT NULL,
    kind       TEXT NOT NULL,
    body       TEXT NOT NULL,  -- JSON, what a webhook gets
    html       TEXT,           -- body of a mail that is more than the alert; until it is sent
    state      TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'dropped')),
    attempts   INTEGER NOT NULL DEFAULT 0,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    error      TEXT,
    UNIQUE (id, channel)
) STRICT;
CREATE INDEX IF NOT EXISTS alerts_channel ON alerts (pipeline, channel, state, updated_at);

-- What the pipelines' definitions said of time when they last ran, for metrics over all of them.
CREATE TABLE IF NOT EXISTS pipelines (
    name       TEXT PRIMARY KEY,
    title      TEXT NOT NULL,
    zone       TEXT NOT NULL,
    due        INTEGER, -- minutes after midnight of the day after
    max_age    INTEGER, -- seconds
    updated_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

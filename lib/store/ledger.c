/* See ledger.h. */
#include "store/ledger.h"

#include <unistd.h>

#include "base/day.h"
#include "base/embed.h"
#include "base/hash.h"
#include "base/log.h"
#include "io/file.h"
#include "store/home.h"

int64_t pid_start_ticks(int pid) {
    char path[64];
    struct buf b = {0};
    int64_t ticks = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    if (file_read(path, 8192, &b, NULL) == ERR_OK && b.n) {
        const char *p = strrchr(b.p, ')'); /* the name may hold blanks and brackets; field 22 counts from there */
        for (int field = 2; p && field < 22; field++) p = strchr(p + 1, ' ');
        if (p) ticks = strtoll(p, NULL, 10);
    }
    buf_free(&b);
    return ticks;
}

bool pid_alive(int pid, int64_t start_ticks) {
    return pid > 0 && pid_start_ticks(pid) == start_ticks && start_ticks;
}

const char *boot_id(void) {
    static char id[64];
    struct buf b = {0};
    if (!id[0] && file_read("/proc/sys/kernel/random/boot_id", 4096, &b, NULL) == ERR_OK)
        snprintf(id, sizeof id, "%.36s", buf_text(&b));
    buf_free(&b);
    return id;
}

/* A ledger of version 1 gets what its tables lack; the others are made by ledger.sql. */
static int make_tables(void *ctx, struct err *e) {
    struct ledger *l = ctx;
    int64_t version = 0;
    int rc = db_version(&l->db, LEDGER_VERSION, &version, e);
    if (rc == ERR_OK && version == 1)
        rc = db_exec(&l->db, e,
                     "ALTER TABLE requests ADD COLUMN run_id TEXT; ALTER TABLE requests ADD COLUMN expires_at TEXT");
    if (rc == ERR_OK) rc = db_exec(&l->db, e, embed_find("sql/ledger.sql")->text);
    if (rc == ERR_OK) rc = db_execf(&l->db, e, "PRAGMA user_version=%d", LEDGER_VERSION);
    return rc;
}

static int open_it(struct ledger *l, const char *home, int flags, struct err *e) {
    struct arena a = {0};
    int64_t version = 0;
    char *path = arena_fmt(&a, "%s/ledger.db", home);
    *l = (struct ledger){0};
    int rc = flags & DB_READ ? ERR_OK : dir_make(home, e);
    if (rc == ERR_OK && flags & DB_READ && !file_exists(path))
        rc = err_set(e, ERR_NOINPUT, "there is no ledger in %s: nothing has run there yet (see --home)", home);
    if (rc == ERR_OK) rc = home_check(home, !(flags & DB_READ), e);
    if (rc == ERR_OK) rc = db_open(&l->db, path, flags, 60000, e);
    if (rc == ERR_OK) {
        l->home = mem_str(home);
        rc = db_version(&l->db, LEDGER_VERSION, &version, e);
    }
    if (rc == ERR_OK && !(flags & DB_READ) && version < LEDGER_VERSION) rc = db_transaction(&l->db, make_tables, l, e);
    if (rc) ledger_close(l);
    arena_free(&a);
    return rc;
}

int ledger_open(struct ledger *l, const char *home, struct err *e) {
    return open_it(l, home, 0, e);
}

int ledger_open_read(struct ledger *l, const char *home, struct err *e) {
    return open_it(l, home, DB_READ, e);
}

void ledger_close(struct ledger *l) {
    stmt_close(&l->last);
    db_close(&l->db);
    free(l->home);
    l->home = NULL;
}

static int count_attempts(struct ledger *l, struct run_row *r, struct err *e) {
    struct stmt s;
    bool row;
    int rc =
        stmt_prepare(&s, &l->db, "SELECT COUNT(*) FROM runs WHERE pipeline=?1 AND day=?2", "reading the ledger", e);
    if (rc) return rc;
    stmt_text(&s, 1, r->pipeline);
    stmt_text(&s, 2, r->day);
    rc = stmt_step(&s, &row, e);
    if (rc == ERR_OK) r->attempt = (int)stmt_col_int(&s, 0) + 1;
    stmt_close(&s);
    return rc;
}

/* An error text as it may be kept: secrets hidden, control characters visible. */
static char *clean_text(struct arena *a, const char *s) {
    if (!s) return NULL;
    struct buf b = {0};
    log_clean(&b, sv_of(s));
    char *out = arena_strn(a, buf_text(&b), b.n);
    buf_free(&b);
    return out;
}

int ledger_run_start(struct ledger *l, struct run_row *r, struct err *e) {
    struct stmt s = {0};
    struct arena a = {0};
    char host[128] = "";
    gethostname(host, sizeof host - 1);
    int rc = count_attempts(l, r, e);
    if (rc) return rc;
    struct stamp_text now = utc_text(now_utc());
    snprintf(r->run_id, sizeof r->run_id, "%s.%s.%d.%d", r->pipeline, r->day, r->attempt, (int)getpid());
    rc = stmt_prepare(&s, &l->db,
                      "INSERT INTO runs (run_id, pipeline, day, state, attempt, started_at, pid, host, command)"
                      " VALUES (?1, ?2, ?3, 'running', ?4, ?5, ?6, ?7, ?8)",
                      "writing the ledger", e);
    if (rc) return rc;
    stmt_text(&s, 1, r->run_id);
    stmt_text(&s, 2, r->pipeline);
    stmt_text(&s, 3, r->day);
    stmt_int(&s, 4, r->attempt);
    stmt_text(&s, 5, now.s);
    stmt_int(&s, 6, getpid());
    stmt_text(&s, 7, host);
    stmt_text(&s, 8, clean_text(&a, r->command));
    rc = stmt_run(&s, e);
    stmt_close(&s);
    arena_free(&a);
    return rc;
}

int ledger_run_end(struct ledger *l, const struct run_row *r, const char *state, const char *error, struct err *e) {
    struct stmt s;
    struct arena a = {0};
    struct stamp_text now = utc_text(now_utc());
    int rc = stmt_prepare(&s, &l->db, "UPDATE runs SET state=?2, error=?3, finished_at=?4 WHERE run_id=?1",
                          "writing the ledger", e);
    if (rc) return rc;
    stmt_text(&s, 1, r->run_id);
    stmt_text(&s, 2, state);
    stmt_text(&s, 3, clean_text(&a, error));
    stmt_text(&s, 4, now.s);
    rc = stmt_run(&s, e);
    stmt_close(&s);
    arena_free(&a);
    return rc;
}

int ledger_run_last(struct ledger *l, const char *pipeline, const char *day, char state[16], struct err *e) {
    struct stmt s;
    bool row;
    state[0] = 0;
    int rc = stmt_prepare(&s, &l->db, "SELECT state FROM runs WHERE pipeline=?1 AND day=?2 ORDER BY rowid DESC LIMIT 1",
                          "reading the ledger", e);
    if (rc) return rc;
    stmt_text(&s, 1, pipeline);
    stmt_text(&s, 2, day);
    rc = stmt_step(&s, &row, e);
    if (rc == ERR_OK && row) snprintf(state, 16, "%s", stmt_col(&s, 0));
    stmt_close(&s);
    return rc;
}

static void bind_count(struct stmt *s, int i, int64_t v) {
    if (v >= 0) stmt_int(s, i, v);
}

int ledger_task_start(struct ledger *l, struct task_row *t, struct err *e) {
    struct stmt s;
    struct stamp_text now = utc_text(now_utc());
    int rc = stmt_prepare(&s, &l->db,
                          "INSERT INTO tasks (run_id, pipeline, day, stage, dataset, mode, state, attempt, "
                          "input_digest, definition_digest,"
                          " version, pid, pid_start, process_group, out_pipe, started_at, boot)"
                          " VALUES (?1,?2,?3,?4,?5,?6,'running',?7,?8,?9,?10,?11,?12,?13,?14,?15,?16)",
                          "writing the ledger", e);
    if (rc) return rc;
    stmt_text(&s, 1, t->run_id);
    stmt_text(&s, 2, t->pipeline);
    stmt_text(&s, 3, t->day);
    stmt_text(&s, 4, t->stage);
    stmt_text(&s, 5, t->dataset);
    stmt_text(&s, 6, t->mode);
    stmt_int(&s, 7, t->attempt);
    stmt_text(&s, 8, t->input_digest);
    stmt_text(&s, 9, t->definition_digest);
    stmt_text(&s, 10, ETL_VERSION);
    stmt_int(&s, 11, getpid());
    stmt_int(&s, 12, pid_start_ticks(getpid()));
    stmt_int(&s, 13, getpgrp());
    if (t->out_pipe) stmt_int(&s, 14, t->out_pipe);
    stmt_text(&s, 15, now.s);
    stmt_text(&s, 16, boot_id());
    rc = stmt_run(&s, e);
    stmt_close(&s);
    t->id = sqlite3_last_insert_rowid(l->db.h);
    t->rows_in = t->rows_out = t->rows_rejected = t->bytes = t->bytes_out = -1;
    return rc;
}

int ledger_task_end(struct ledger *l, const struct task_row *t, const char *state, const char *error, struct err *e) {
    struct stmt s;
    struct arena a = {0};
    struct stamp_text now = utc_text(now_utc());
    int rc = stmt_prepare(
        &s, &l->db,
        "UPDATE tasks SET state=?2, rows_in=?3, rows_out=?4, rows_rejected=?5, bytes=?6, seconds=?7, output_digest=?8,"
        " error=?9, finished_at=?10, bytes_out=?11, input_digest=COALESCE(?12, input_digest), "
        "definition_digest=COALESCE(?13, definition_digest) WHERE task_id=?1",
        "writing the ledger", e);
    if (rc) return rc;
    stmt_int(&s, 1, t->id);
    stmt_text(&s, 2, state);
    bind_count(&s, 3, t->rows_in);
    bind_count(&s, 4, t->rows_out);
    bind_count(&s, 5, t->rows_rejected);
    bind_count(&s, 6, t->bytes);
    stmt_real(&s, 7, t->seconds);
    stmt_text(&s, 8, t->output_digest);
    stmt_text(&s, 9, clean_text(&a, error));
    stmt_text(&s, 10, now.s);
    bind_count(&s, 11, t->bytes_out);
    stmt_text(&s, 12, t->input_digest);
    stmt_text(&s, 13, t->definition_digest);
    rc = stmt_run(&s, e);
    stmt_close(&s);
    arena_free(&a);
    return rc;
}

int ledger_task_last(struct ledger *l, struct arena *a, const char *pipeline, const char *day, const char *stage,
                     const char *dataset, struct task_seen *out, struct err *e) {
    struct stmt *s = &l->last;
    *out = (struct task_seen){0};
    int rc =
        s->h ? ERR_OK
             : stmt_prepare(
                   s, &l->db,
                   "SELECT task_id, state, input_digest, definition_digest, output_digest, version, finished_at, "
                   "run_id, rows_in,"
                   " rows_out, rows_rejected, seconds FROM tasks WHERE pipeline=?1 AND day=?2 AND stage=?3 AND "
                   "dataset=?4"
                   " AND (mode='run' OR stage IN ('load','mart')) AND state<>'skipped' ORDER BY task_id DESC LIMIT 1",
                   "reading the ledger", e);
    if (rc) return rc;
    stmt_text(s, 1, pipeline);
    stmt_text(s, 2, day);
    stmt_text(s, 3, stage);
    stmt_text(s, 4, dataset);
    rc = stmt_step(s, &out->found, e);
    if (rc == ERR_OK && out->found) {
        const char **text[] = {&out->state,         &out->input_digest, &out->definition_digest,
                               &out->output_digest, &out->version,      &out->finished_at,
                               &out->run_id};
        out->id = stmt_col_int(s, 0);
        for (int i = 0; i < 7; i++) *text[i] = arena_str(a, stmt_col(s, i + 1));
        out->rows_in = stmt_col_int(s, 8);
        out->rows_out = stmt_col_int(s, 9);
        out->rows_rejected = stmt_col_int(s, 10);
        out->seconds = sqlite3_column_double(s->h, 11);
    }
    if (s->h) sqlite3_reset(s->h); /* a row that is looked at would keep the log from being emptied */
    return rc;
}

int ledger_event(struct ledger *l, const char *pipeline, const char *day, const char *run_id, const char *what,
                 const char *detail, struct err *e) {
    struct stmt s;
    struct arena a = {0};
    struct stamp_text now = utc_text(now_utc());
    const char *user = getenv("USER");
    int rc = stmt_prepare(
        &s, &l->db, "INSERT INTO events (at, who, pipeline, day, run_id, what, detail) VALUES (?1,?2,?3,?4,?5,?6,?7)",
        "writing the ledger", e);
    if (rc) return rc;
    stmt_text(&s, 1, now.s);
    stmt_text(&s, 2, arena_fmt(&a, "%s (uid %d, pid %d)", user ? user : "?", (int)getuid(), (int)getpid()));
    stmt_text(&s, 3, pipeline);
    stmt_text(&s, 4, day);
    stmt_text(&s, 5, run_id);
    stmt_text(&s, 6, what);
    stmt_text(&s, 7, clean_text(&a, detail));
    rc = stmt_run(&s, e);
    stmt_close(&s);
    arena_free(&a);
    return rc;
}

struct sweep {
    struct ledger *l;
    const char *pipeline, *select, *update;
};

/* In a write transaction from its beginning: rows read before it could be stale (SQLite then refuses to write until
 * they are let go), and a process that ended well in between would be called killed. */
static int sweep_rows(void *ctx, struct err *e) {
    struct sweep *w = ctx;
    struct arena a = {0};
    struct stmt s;
    struct dead {
        const char *id;
        struct dead *next;
    } *dead = NULL;
    bool row = true;
    struct stamp_text now = utc_text(now_utc());
    int rc = stmt_prepare(&s, &w->l->db, w->select, "reading the ledger", e);
    if (rc) return rc;
    stmt_text(&s, 1, w->pipeline);
    stmt_text(&s, 2, boot_id());
    while (rc == ERR_OK && (rc = stmt_step(&s, &row, e)) == ERR_OK && row) {
        int64_t start = stmt_col_int(&s, 2);
        if (start >= 0 && pid_alive((int)stmt_col_int(&s, 1), start)) continue;
        struct dead *d = arena_alloc(&a, sizeof *d);
        *d = (struct dead){arena_str(&a, stmt_col(&s, 0)), dead};
        dead = d;
    }
    stmt_close(&s);
    for (; dead && rc == ERR_OK; dead = dead->next) {
        if ((rc = stmt_prepare(&s, &w->l->db, w->update, "writing the ledger", e)) != ERR_OK) break;
        stmt_text(&s, 1, dead->id);
        stmt_text(&s, 2, now.s);
        rc = stmt_run(&s, e);
        stmt_close(&s);
    }
    arena_free(&a);
    return rc;
}

static int sweep(struct ledger *l, const char *pipeline, const char *select, const char *update, struct err *e) {
    struct sweep w = {l, pipeline, select, update};
    return db_transaction(&l->db, sweep_rows, &w, e);
}

#define SWEEP_TASKS                                                                                                    \
    "UPDATE tasks SET state='failed', error='killed: the process ended without a word', finished_at=?2 WHERE "         \
    "task_id=?1"

int ledger_sweep(struct ledger *l, const char *pipeline, struct err *e) {
    /* the caller holds the lock, so whatever run is still "running" is not */
    int rc = sweep(l, pipeline, "SELECT run_id, pid, -1 FROM runs WHERE pipeline=?1 AND state='running'",
                   "UPDATE runs SET state='failed', error='killed: the process ended without a word', "
                   "finished_at=?2 WHERE run_id=?1",
                   e);
    if (rc == ERR_OK)
        rc = sweep(l, pipeline,
                   "SELECT task_id, pid, CASE WHEN mode='run' OR boot<>?2 THEN -1 ELSE pid_start END FROM tasks "
                   "WHERE pipeline=?1 AND state='running'",
                   SWEEP_TASKS, e);
    return rc;
}

int ledger_sweep_filters(struct ledger *l, const char *pipeline, struct err *e) {
    return sweep(l, pipeline,
                 "SELECT task_id, pid, CASE WHEN boot<>?2 THEN -1 ELSE pid_start END FROM tasks WHERE pipeline=?1 "
                 "AND state='running' AND mode='filter'",
                 SWEEP_TASKS, e);
}

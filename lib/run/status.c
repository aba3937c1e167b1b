/* Gathering; see status.h. */
#include "run/status.h"

#include "run/lock.h"

static int rank(const char *state) {
    static const char *const order[] = {"done", "empty", "running", "stopped", "failed", "gate_failed"};
    for (int i = 0; i < 6; i++)
        if (strcmp(order[i], state) == 0) return i;
    return 0;
}

static int gather_stages(struct status *s, struct status_day *d, struct ledger *l, struct err *e) {
    struct stmt q;
    bool row;
    int rc = stmt_prepare(&q, &l->db,
                          "SELECT stage, state, rows_out, rows_rejected, seconds FROM tasks AS t WHERE pipeline=?1 AND "
                          "day=?2 AND "
                          "state<>'skipped' AND (mode='run' OR stage IN ('load','mart'))"
                          " AND task_id=(SELECT MAX(task_id) FROM tasks WHERE pipeline=t.pipeline AND day=t.day AND "
                          "stage=t.stage AND dataset=t.dataset"
                          " AND state<>'skipped' AND (mode='run' OR stage IN ('load','mart')))",
                          "reading the ledger", e);
    if (rc) return rc;
    stmt_text(&q, 1, s->p->name);
    stmt_text(&q, 2, d->day);
    while ((rc = stmt_step(&q, &row, e)) == ERR_OK && row) {
        int k = stage_find(stmt_col(&q, 0));
        if (k < 0) continue;
        const char *state = arena_str(&s->a, stmt_col(&q, 1));
        if (!d->stage[k] || rank(state) > rank(d->stage[k])) d->stage[k] = state;
        if (k == STAGE_LOAD) d->rows = (d->rows < 0 ? 0 : d->rows) + stmt_col_int(&q, 2);
        if (k == STAGE_VALIDATE) d->rejected = (d->rejected < 0 ? 0 : d->rejected) + stmt_col_int(&q, 3);
        d->seconds[k] = (d->seconds[k] < 0 ? 0 : d->seconds[k]) + sqlite3_column_double(q.h, 4);
    }
    stmt_close(&q);
    return rc;
}

/* The step of the last run that went wrong. */
static int gather_failed(struct status *s, struct status_day *d, struct ledger *l, struct err *e) {
    struct stmt q;
    bool row;
    if (!d->run_id || status_is_done(d)) return ERR_OK;
    int rc =
        stmt_prepare(&q, &l->db,
                     "SELECT stage, dataset FROM tasks WHERE run_id=?1 AND state NOT IN ('done','skipped') ORDER BY "
                     "task_id DESC LIMIT 1",
                     "reading the ledger", e);
    if (rc) return rc;
    stmt_text(&q, 1, d->run_id);
    rc = stmt_step(&q, &row, e);
    if (rc == ERR_OK && row) {
        d->failed_stage = arena_str(&s->a, stmt_col(&q, 0));
        d->failed_name = arena_str(&s->a, stmt_col(&q, 1));
    }
    stmt_close(&q);
    return rc;
}

static int gather_run(struct status *s, struct status_day *d, struct ledger *l, struct err *e) {
    struct stmt q;
    bool row;
    int rc = stmt_prepare(&q, &l->db,
                          "SELECT state, error, finished_at, run_id, started_at, attempt, "
                          "unixepoch(finished_at)-unixepoch(started_at), (SELECT SUM(seconds) FROM tasks WHERE "
                          "run_id=r.run_id) FROM runs AS r WHERE pipeline=?1 AND day=?2 ORDER BY rowid DESC LIMIT 1",
                          "reading the ledger", e);
    if (rc) return rc;
    stmt_text(&q, 1, s->p->name);
    stmt_text(&q, 2, d->day);
    rc = stmt_step(&q, &row, e);
    if (rc == ERR_OK && row) {
        d->run = arena_str(&s->a, stmt_col(&q, 0));
        d->error = arena_str(&s->a, stmt_col(&q, 1));
        d->finished_at = arena_str(&s->a, stmt_col(&q, 2));
        d->run_id = arena_str(&s->a, stmt_col(&q, 3));
        d->started_at = arena_str(&s->a, stmt_col(&q, 4));
        d->attempt = (int)stmt_col_int(&q, 5);
        double worked = sqlite3_column_double(q.h, 7), whole = sqlite3_column_double(q.h, 6);
        if (d->finished_at) d->took = whole > worked + 1 ? whole : worked; /* the clock's seconds are whole ones */
        if (strcmp(d->run, "running") == 0 && !run_lock_held(l->home, s->p->name)) {
            d->run = "failed";
            d->killed = true;
            d->error = "killed: the process ended without a word";
        }
    }
    stmt_close(&q);
    return rc;
}

/* When the pipeline was first run: days that were due before are backfills. */
static int first_run(struct ledger *l, const char *pipeline, int64_t *at, struct err *e) {
    struct stmt q;
    bool row;
    *at = INT64_MAX;
    int rc = stmt_prepare(&q, &l->db, "SELECT MIN(unixepoch(started_at)) FROM runs WHERE pipeline=?1",
                          "reading the ledger", e);
    if (rc) return rc;
    stmt_text(&q, 1, pipeline);
    rc = stmt_step(&q, &row, e);
    if (rc == ERR_OK && row && sqlite3_column_type(q.h, 0) != SQLITE_NULL) *at = stmt_col_int(&q, 0);
    stmt_close(&q);
    return rc;
}

/* When the day was first done. */
static int first_done(struct ledger *l, const char *pipeline, const char *day, int64_t *at, struct err *e) {
    struct stmt q;
    bool row;
    *at = 0;
    int rc = stmt_prepare(&q, &l->db,
                          "SELECT MIN(unixepoch(finished_at)) FROM runs WHERE pipeline=?1 AND day=?2 AND state='done'",
                          "reading the ledger", e);
    if (rc) return rc;
    stmt_text(&q, 1, pipeline);
    stmt_text(&q, 2, day);
    rc = stmt_step(&q, &row, e);
    if (rc == ERR_OK && row) *at = stmt_col_int(&q, 0);
    stmt_close(&q);
    return rc;
}

static int judge(struct status *s, struct status_day *d, struct ledger *l, int64_t since, struct err *e) {
    int64_t done = 0;
    int rc = status_is_done(d) && d->due ? first_done(l, s->p->name, d->day, &done, e) : ERR_OK;
    bool watched = d->due >= since;
    d->late = d->due && watched && (done ? done > d->due : !status_is_done(d) && s->now > d->due);
    bool by_hand = false;
    for (int k = 0; k < STAGE_COUNT; k++) by_hand = by_hand || d->stage[k];
    d->waiting = !d->run && !by_hand && s->now < d->expected;
    return rc;
}

int status_gather(struct status *s, const struct pipeline *p, const char *home, day_t from, day_t to, struct ledger *l,
                  struct err *e) {
    int64_t since = INT64_MAX;
    *s = (struct status){.p = p, .home = home, .n = (size_t)(to - from + 1), .now = now_utc(), .age.age = -1};
    s->days = arena_alloc(&s->a, s->n * sizeof *s->days);
    int rc = l ? first_run(l, p->name, &since, e) : ERR_OK;
    for (size_t i = 0; i < s->n && rc == ERR_OK; i++) {
        struct status_day *d = &s->days[i];
        day_t day = from + (day_t)i;
        snprintf(d->day, sizeof d->day, "%s", day_text(day).s);
        d->rows = d->rejected = -1;
        d->took = -1;
        for (int k = 0; k < STAGE_COUNT; k++) d->seconds[k] = -1;
        d->due = sla_due(p, day);
        d->expected = sla_expected(p, day);
        if (l) rc = gather_stages(s, d, l, e);
        if (l && rc == ERR_OK) rc = gather_run(s, d, l, e);
        if (l && rc == ERR_OK) rc = gather_failed(s, d, l, e);
        if (rc == ERR_OK) rc = judge(s, d, l, since, e);
    }
    if (l && rc == ERR_OK) rc = sla_age(l, p, s->now, &s->age, e);
    return rc;
}

bool status_is_done(const struct status_day *d) {
    return d->run && strcmp(d->run, "done") == 0;
}

void status_free(struct status *s) {
    arena_free(&s->a);
}

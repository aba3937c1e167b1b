/* See status.h. */
#include "run/status.h"

#include <cjson/cJSON.h>
#include <unistd.h>

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
                          "SELECT stage, state, rows_out FROM tasks AS t WHERE pipeline=?1 AND day=?2 AND "
                          "state<>'skipped' AND (mode='run' OR stage IN ('load','mart'))"
                          " AND task_id=(SELECT MAX(task_id) FROM tasks WHERE pipeline=t.pipeline AND day=t.day AND "
                          "stage=t.stage AND dataset=t.dataset"
                          " AND state<>'skipped' AND (mode='run' OR stage IN ('load','mart')))",
                          "reading the ledger", e);
    if (rc) return rc;
    stmt_text(&q, 1, s->p->name);
    stmt_text(&q, 2, d->day);
    d->rows = -1;
    while ((rc = stmt_step(&q, &row, e)) == ERR_OK && row) {
        int k = stage_find(stmt_col(&q, 0));
        if (k < 0) continue;
        const char *state = arena_str(&s->a, stmt_col(&q, 1));
        if (!d->stage[k] || rank(state) > rank(d->stage[k])) d->stage[k] = state;
        if (k == STAGE_LOAD) d->rows = (d->rows < 0 ? 0 : d->rows) + stmt_col_int(&q, 2);
    }
    stmt_close(&q);
    return rc;
}

static int gather_run(struct status *s, struct status_day *d, struct ledger *l, struct err *e) {
    struct stmt q;
    bool row;
    int rc = stmt_prepare(&q, &l->db,
                          "SELECT state, error, finished_at FROM runs WHERE pipeline=?1 AND day=?2 ORDER BY "
                          "rowid DESC LIMIT 1",
                          "reading the ledger", e);
    if (rc) return rc;
    stmt_text(&q, 1, s->p->name);
    stmt_text(&q, 2, d->day);
    rc = stmt_step(&q, &row, e);
    if (rc == ERR_OK && row) {
        d->run = arena_str(&s->a, stmt_col(&q, 0));
        d->error = arena_str(&s->a, stmt_col(&q, 1));
        d->finished_at = arena_str(&s->a, stmt_col(&q, 2));
        if (strcmp(d->run, "running") == 0 && !run_lock_held(l->home, s->p->name)) {
            d->run = "failed";
            d->error = "killed: the process ended without a word";
        }
    }
    stmt_close(&q);
    return rc;
}

int status_gather(struct status *s, const struct pipeline *p, day_t from, day_t to, struct ledger *l, struct err *e) {
    *s = (struct status){.p = p, .n = (size_t)(to - from + 1)};
    s->days = arena_alloc(&s->a, s->n * sizeof *s->days);
    int rc = ERR_OK;
    for (size_t i = 0; i < s->n && rc == ERR_OK; i++) {
        struct status_day *d = &s->days[i];
        snprintf(d->day, sizeof d->day, "%s", day_text(from + (day_t)i).s);
        d->rows = -1;
        if (l) rc = gather_stages(s, d, l, e);
        if (l && rc == ERR_OK) rc = gather_run(s, d, l, e);
    }
    return rc;
}

bool status_is_done(const struct status_day *d) {
    return d->run && strcmp(d->run, "done") == 0;
}

static const char *mark(const char *state) {
    if (!state) return ".";
    if (strcmp(state, "done") == 0) return "ok";
    if (strcmp(state, "gate_failed") == 0) return "GATE";
    if (strcmp(state, "failed") == 0) return "FAILED";
    return state;
}

void status_text(const struct status *s, FILE *out) {
    fprintf(out, "%s\n  %-10s", s->p->name, "day");
    for (int k = 0; k < STAGE_COUNT; k++) fprintf(out, "  %-9s", stage_name((enum stage)k));
    fprintf(out, "  %10s  run\n", "rows");
    for (size_t i = 0; i < s->n; i++) {
        const struct status_day *d = &s->days[i];
        bool any = d->run != NULL;
        fprintf(out, "  %-10s", d->day);
        for (int k = 0; k < STAGE_COUNT; k++) {
            fprintf(out, "  %-9s", mark(d->stage[k]));
            any = any || d->stage[k];
        }
        char rows[24] = "";
        if (d->rows >= 0) snprintf(rows, sizeof rows, "%lld", (long long)d->rows);
        fprintf(out, "  %10s  %s\n", rows, d->run ? d->run : any ? "by hand" : "gap");
    }
}

void status_json(const struct status *s, FILE *out) {
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "pipeline", s->p->name);
    cJSON *days = cJSON_AddArrayToObject(o, "days");
    for (size_t i = 0; i < s->n; i++) {
        const struct status_day *d = &s->days[i];
        cJSON *x = cJSON_CreateObject(), *stages = cJSON_CreateObject();
        cJSON_AddStringToObject(x, "day", d->day);
        cJSON_AddStringToObject(x, "state", d->run ? d->run : "gap");
        for (int k = 0; k < STAGE_COUNT; k++)
            if (d->stage[k]) cJSON_AddStringToObject(stages, stage_name((enum stage)k), d->stage[k]);
        cJSON_AddItemToObject(x, "stages", stages);
        if (d->rows >= 0) cJSON_AddNumberToObject(x, "rows", (double)d->rows);
        if (d->error) cJSON_AddStringToObject(x, "error", d->error);
        if (d->finished_at) cJSON_AddStringToObject(x, "finished_at", d->finished_at);
        cJSON_AddItemToArray(days, x);
    }
    char *text = cJSON_Print(o);
    struct buf b = {0};
    json_visible(&b, text);
    fprintf(out, "%s\n", buf_text(&b));
    buf_free(&b);
    free(text);
    cJSON_Delete(o);
}

size_t status_problems(const struct status *s, FILE *out) {
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++) {
        const struct status_day *d = &s->days[i];
        if (status_is_done(d)) continue;
        n++;
        fprintf(out, "%s %s: %s%s%s; continue with: etl run -p %s %s\n", s->p->name, d->day,
                d->run ? mark(d->run) : "gap: no run", d->error ? ": " : "", d->error ? d->error : "", s->p->name,
                d->day);
    }
    return n;
}

void status_free(struct status *s) {
    arena_free(&s->a);
}

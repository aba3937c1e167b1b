/* What a monitor wants to know; see status.h. */
#include <cjson/cJSON.h>

#include "base/log.h"
#include "report/alert.h"
#include "run/status.h"

static void add(struct status *s, const struct status_day *d, const char *kind, const char *words) {
    struct status_problem *p = &s->problems[s->nproblems++];
    struct buf clean = {0};
    log_clean(&clean, sv_of(words));
    *p = (struct status_problem){.day = d ? d->day : "",
                                 .kind = kind,
                                 .words = arena_strn(&s->a, buf_text(&clean), clean.n),
                                 .command = alert_command(&s->a, s->home, s->p->name, d ? d->day : NULL),
                                 .run_id = d ? d->run_id : NULL};
    buf_free(&clean);
}

static const char *kind_of(const char *state) {
    static const char *const states[] = {"failed", "gate_failed", "empty", "stopped", "partial"};
    static const char *const kinds[] = {"failed", "gate failed", "empty", "stopped", "unfinished"};
    for (int i = 0; i < 5; i++)
        if (strcmp(states[i], state) == 0) return kinds[i];
    return state;
}

static const char *due_words(struct status *s, const struct status_day *d) {
    return arena_fmt(&s->a, "due %s, %s ago", sla_when(s->p, d->due).s, duration_text(s->now - d->due).s);
}

static void check_day(struct status *s, struct status_day *d) {
    if (status_is_done(d) || d->waiting) return;
    bool running = d->run && strcmp(d->run, "running") == 0;
    bool past = d->late;
    if (running && past)
        add(s, d, "late", arena_fmt(&s->a, "%s; it is still running (run %s)", due_words(s, d), d->run_id));
    else if (running)
        return;
    else if (!d->run && past)
        add(s, d, "late", arena_fmt(&s->a, "%s; no run", due_words(s, d)));
    else if (!d->run)
        add(s, d, "gap", "no run");
    else
        add(s, d, kind_of(d->run),
            arena_fmt(&s->a, "%s%s%s%s", d->error ? d->error : d->run, past ? " (late: " : "",
                      past ? due_words(s, d) : "", past ? ")" : ""));
}

/* Steps that are under way now and take longer than promised. */
static int check_slow(struct status *s, struct ledger *l, struct err *e) {
    struct stmt q;
    bool row, any = false;
    for (int k = 0; k < STAGE_COUNT; k++) any = any || s->p->watch.stage[k];
    if (!any) return ERR_OK;
    int rc = stmt_prepare(&q, &l->db,
                          "SELECT stage, dataset, unixepoch(started_at) FROM tasks WHERE run_id=?1 AND state='running'",
                          "reading the ledger", e);
    for (size_t i = 0; i < s->n && rc == ERR_OK; i++) {
        struct status_day *d = &s->days[i];
        if (!d->run || strcmp(d->run, "running") != 0) continue;
        stmt_text(&q, 1, d->run_id);
        while ((rc = stmt_step(&q, &row, e)) == ERR_OK && row) {
            int k = stage_find(stmt_col(&q, 0));
            int64_t took = s->now - stmt_col_int(&q, 2);
            if (k < 0 || !s->p->watch.stage[k] || took <= s->p->watch.stage[k]) continue;
            add(s, d, "slow",
                arena_fmt(&s->a, "%s %s has been running for %s; at most %s is promised", stmt_col(&q, 0),
                          stmt_col(&q, 1), duration_text(took).s, duration_text(s->p->watch.stage[k]).s));
            break; /* one line a day */
        }
        sqlite3_reset(q.h);
    }
    stmt_close(&q);
    return rc;
}

int status_check(struct status *s, struct ledger *l, struct err *e) {
    s->problems = arena_alloc(&s->a, (2 * s->n + 1) * sizeof *s->problems);
    s->nproblems = 0;
    for (size_t i = 0; i < s->n; i++) check_day(s, &s->days[i]);
    if (s->age.stale) add(s, NULL, "stale", s->age.words);
    return l ? check_slow(s, l, e) : ERR_OK;
}

void status_problems_text(const struct status *s, FILE *out) {
    for (size_t i = 0; i < s->nproblems; i++) {
        const struct status_problem *p = &s->problems[i];
        struct buf b = {0}, clean = {0};
        buf_fmt(&b, "%s%s%s: %s: ", s->p->name, *p->day ? " " : "", p->day, p->kind);
        for (const char *w = p->words; *w; w++) buf_chr(&b, *w == '\n' ? ' ' : *w); /* a line is a line */
        buf_fmt(&b, "; continue with: %s", p->command);
        log_clean(&clean, (struct sv){b.p, b.n});
        fprintf(out, "%s\n", buf_text(&clean));
        buf_free(&clean);
        buf_free(&b);
    }
}

void status_problems_json(const struct status *s, FILE *out) {
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "pipeline", s->p->name);
    cJSON_AddStringToObject(o, "at", utc_text(s->now).s);
    cJSON *list = cJSON_AddArrayToObject(o, "problems");
    for (size_t i = 0; i < s->nproblems; i++) {
        const struct status_problem *p = &s->problems[i];
        cJSON *x = cJSON_CreateObject();
        if (*p->day) cJSON_AddStringToObject(x, "day", p->day);
        cJSON_AddStringToObject(x, "kind", p->kind);
        cJSON_AddStringToObject(x, "words", p->words);
        cJSON_AddStringToObject(x, "command", p->command);
        if (p->run_id) cJSON_AddStringToObject(x, "run_id", p->run_id);
        cJSON_AddItemToArray(list, x);
    }
    char *text = cJSON_Print(o);
    struct buf b = {0};
    json_visible(&b, text);
    fprintf(out, "%s\n", buf_text(&b));
    buf_free(&b);
    free(text);
    cJSON_Delete(o);
}

struct looking {
    struct ledger *l;
    const struct status *s;
};

static int look(void *ctx, struct err *e) {
    struct looking *x = ctx;
    return alert_look(x->l, x->s->p, x->s->home, e);
}

/* Lateness is news within the day after it was due; what is older is a backfill's business, but for days that were due
 * while nobody looked. */
int status_alert(const struct status *s, struct ledger *l, struct err *e) {
    struct looking x = {l, s};
    int rc = db_transaction(&l->db, look, &x, e);
    for (size_t i = 0; i < s->n && rc == ERR_OK; i++) {
        const struct status_day *d = &s->days[i];
        struct alert_sight killed = {s->home, d->day, "run", "failure", d->error};
        if (d->killed) rc = alert_sighted(l, s->p, &killed, e);
        if (rc || status_is_done(d) || !d->due || s->now <= d->due || s->now > d->due + 86400) continue;
        char words[240];
        snprintf(words, sizeof words, "due %s; it is %s", sla_when(s->p, d->due).s, sla_when(s->p, s->now).s);
        struct alert_sight late = {s->home, d->day, "late", "missed", words};
        rc = alert_sighted(l, s->p, &late, e);
    }
    if (rc || !s->p->watch.max_age) return rc;
    struct alert_sight stale = {s->home, "", "stale", s->age.stale ? "missed" : "ok", s->age.words};
    return alert_sighted(l, s->p, &stale, e);
}

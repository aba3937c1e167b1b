/* When there is something to tell; see alert.h. */
#include "report/alert_impl.h"

#include <unistd.h>

#include "base/log.h"
#include "report/sla.h"

/* What is known of a subject, and what has become of it. */
struct change {
    char was[16], since[32]; /* before: "" unknown */
    int64_t seen;            /* how often it was seen so, before */
    int64_t number;          /* of the change, part of the message's id */
    bool changed;
};

static bool is_bad(const char *state) {
    return *state && strcmp(state, "ok") != 0;
}

static int read_state(struct ledger *l, const char *pipeline, const char *day, const char *subject, const char *state,
                      const char *cause, struct change *c, struct err *e) {
    struct stmt s;
    bool row;
    *c = (struct change){0};
    int rc = stmt_prepare(&s, &l->db,
                          "SELECT state, cause, since, seen, changes FROM alert_states WHERE pipeline=?1 AND day=?2 "
                          "AND subject=?3",
                          "reading the ledger", e);
    if (rc) return rc;
    stmt_text(&s, 1, pipeline);
    stmt_text(&s, 2, day);
    stmt_text(&s, 3, subject);
    rc = stmt_step(&s, &row, e);
    c->changed = true;
    if (rc == ERR_OK && row) {
        snprintf(c->was, sizeof c->was, "%s", stmt_col(&s, 0));
        snprintf(c->since, sizeof c->since, "%s", stmt_col(&s, 2));
        c->seen = stmt_col_int(&s, 3);
        c->number = stmt_col_int(&s, 4);
        c->changed = strcmp(c->was, state) != 0 || strcmp(stmt_col(&s, 1), cause) != 0;
    }
    stmt_close(&s);
    return rc;
}

/* Note the state; c tells whether that is news. */
static int note_state(struct ledger *l, const char *pipeline, const char *day, const char *subject, const char *state,
                      const char *cause, struct change *c, struct err *e) {
    struct stmt s;
    struct stamp_text now = utc_text(now_utc());
    int rc = read_state(l, pipeline, day, subject, state, cause, c, e);
    if (rc) return rc;
    if (c->changed) c->number++;
    bool same_state = strcmp(c->was, state) == 0 || (is_bad(c->was) && is_bad(state)); /* still wrong since then */
    rc = stmt_prepare(&s, &l->db,
                      "INSERT INTO alert_states (pipeline, day, subject, state, cause, since, seen, changes) VALUES "
                      "(?1,?2,?3,?4,?5,?6,?7,?8) ON CONFLICT DO UPDATE SET state=?4, cause=?5, since=?6, seen=?7, "
                      "changes=?8",
                      "writing the ledger", e);
    if (rc) return rc;
    stmt_text(&s, 1, pipeline);
    stmt_text(&s, 2, day);
    stmt_text(&s, 3, subject);
    stmt_text(&s, 4, state);
    stmt_text(&s, 5, cause);
    stmt_text(&s, 6, same_state ? c->since : now.s);
    stmt_int(&s, 7, same_state ? c->seen + 1 : 1);
    stmt_int(&s, 8, c->number);
    rc = stmt_run(&s, e);
    stmt_close(&s);
    return rc;
}

/* What failed, without the figures that differ every time: the same again is no news. */
static char *cause_of(struct arena *a, const struct alert_run *r, const cJSON *doc) {
    struct buf b = {0};
    const cJSON *checks = cJSON_GetObjectItem(doc, "checks"), *c;
    if (strcmp(r->state, "gate_failed") == 0 && cJSON_GetArraySize(checks)) {
        cJSON_ArrayForEach(c, checks) buf_fmt(&b, "%s/%s ", doc_str(c, "dataset"), doc_str(c, "name"));
    } else {
        buf_fmt(&b, "%s/%s ", r->stage ? r->stage : "", r->dataset ? r->dataset : "");
        for (const char *s = r->error; s && *s && b.n < 300; s++)
            if (*s < '0' || *s > '9') buf_chr(&b, *s);
    }
    char *out = arena_strn(a, buf_text(&b), b.n);
    buf_free(&b);
    return out;
}

void alert_kind_add(struct alert_kinds *k, enum alert_kind kind) {
    for (size_t i = 0; i < k->n; i++)
        if (k->k[i] == kind) return;
    k->k[k->n++] = kind;
}

/* What one look found. */
struct finding {
    struct alert_kinds kinds;
    struct change run;
    const char *since; /* of what is over now, NULL */
    int64_t seen, number;
    const char *number_of;
};

static void add_missed(cJSON *doc, const char *words) {
    cJSON *list = cJSON_GetObjectItem(doc, "missed");
    if (!list) list = cJSON_AddArrayToObject(doc, "missed");
    cJSON_AddItemToArray(list, cJSON_CreateString(words));
}

/* Something promised for the run's day, kept or not. */
static int note_promise(struct ledger *l, const char *pipeline, const char *day, const char *subject, bool missed,
                        const char *words, cJSON *doc, struct finding *f, struct arena *a, struct err *e) {
    struct change c;
    int rc = read_state(l, pipeline, day, subject, missed ? "missed" : "ok", "", &c, e);
    if (rc || (!missed && !*c.was)) return rc; /* what was never missed needs no row */
    rc = note_state(l, pipeline, day, subject, missed ? "missed" : "ok", "", &c, e);
    if (rc) return rc;
    if (missed) add_missed(doc, words);
    if (!c.changed) return rc;
    alert_kind_add(&f->kinds, missed ? ALERT_SLA : ALERT_RECOVERY);
    if (!missed && !f->since) f->since = arena_str(a, c.since);
    if (!f->number_of) f->number_of = arena_str(a, subject), f->number = c.number;
    return rc;
}

static int note_slow(struct ledger *l, const struct pipeline *p, const struct alert_run *r, cJSON *doc,
                     struct finding *f, struct arena *a, struct err *e) {
    struct stmt s;
    bool row;
    int rc =
        stmt_prepare(&s, &l->db, "SELECT stage, SUM(seconds) FROM tasks WHERE run_id=?1 AND mode='run' GROUP BY stage",
                     "reading the ledger", e);
    if (rc) return rc;
    stmt_text(&s, 1, r->run_id);
    while ((rc = stmt_step(&s, &row, e)) == ERR_OK && row) {
        int k = stage_find(stmt_col(&s, 0));
        double took = sqlite3_column_double(s.h, 1);
        if (k < 0 || !p->watch.stage[k]) continue;
        bool missed = took > (double)p->watch.stage[k];
        char words[160];
        snprintf(words, sizeof words, "%s took %s; at most %s is promised", stage_name((enum stage)k),
                 duration_text((int64_t)took).s, duration_text(p->watch.stage[k]).s);
        rc = note_promise(l, p->name, r->day, arena_fmt(a, "slow.%s", stage_name((enum stage)k)), missed, words, doc, f,
                          a, e);
        if (rc) break;
    }
    stmt_close(&s);
    return rc;
}

/* A day is late within the day after it was due, and later when nobody has looked since; older ones are backfills and
 * owe nothing. */
static int note_late(struct ledger *l, const struct pipeline *p, const struct alert_run *r, bool done, cJSON *doc,
                     struct finding *f, struct arena *a, struct err *e) {
    day_t day;
    int64_t now = now_utc(), due = day_parse(sv_of(r->day), &day) ? sla_due(p, day) : 0;
    if (!due) return ERR_OK;
    struct change c;
    int64_t looked = 0;
    int rc = read_state(l, p->name, r->day, "late", "missed", "", &c, e);
    if (rc == ERR_OK) rc = look_last(l, p->name, &looked, e);
    if (rc) return rc;
    bool told = strcmp(c.was, "missed") == 0;
    bool late = now > due && (now <= due + 86400 || (looked && looked < due));
    char words[240];
    snprintf(words, sizeof words, "due %s, %s ago", sla_when(p, due).s, duration_text(now - due).s);
    if (told && done && f->run.changed) return note_promise(l, p->name, r->day, "late", false, "", doc, f, a, e);
    if (told && done) return note_state(l, p->name, r->day, "late", "ok", "", &c, e);
    if (!late || told || (done && !f->run.changed)) return ERR_OK;
    log_warn("SLA missed: %s", words);
    if (!done) return note_promise(l, p->name, r->day, "late", true, words, doc, f, a, e);
    add_missed(doc, words); /* done, but late: that is told with it, and over */
    alert_kind_add(&f->kinds, ALERT_SLA);
    return ERR_OK;
}

static int note_age(struct ledger *l, const struct pipeline *p, cJSON *doc, struct finding *f, struct arena *a,
                    struct err *e) {
    struct sla_age age;
    if (!p->watch.max_age) return ERR_OK;
    int rc = sla_age(l, p, now_utc(), &age, e);
    return rc ? rc : note_promise(l, p->name, "", "stale", age.stale, age.words, doc, f, a, e);
}

static int note_run(struct ledger *l, const struct pipeline *p, const struct alert_run *r, const char *state,
                    const cJSON *doc, struct finding *f, struct arena *a, struct err *e) {
    bool ok = strcmp(state, "ok") == 0;
    int rc = note_state(l, p->name, r->day, "run", state, ok ? "" : cause_of(a, r, doc), &f->run, e);
    if (rc || !f->run.changed) return rc;
    f->number_of = "run";
    f->number = f->run.number;
    if (!ok) {
        alert_kind_add(&f->kinds, strcmp(state, "gate") == 0 ? ALERT_GATE : ALERT_FAILURE);
    } else if (is_bad(f->run.was)) {
        alert_kind_add(&f->kinds, ALERT_RECOVERY);
        f->since = f->run.since;
        f->seen = f->run.seen;
    }
    return rc;
}

static const char *was_words(struct arena *a, const struct finding *f) {
    if (!f->since) return NULL;
    if (f->seen > 1) return arena_fmt(a, "it was wrong since %s, seen %lld times", f->since, (long long)f->seen);
    return arena_fmt(a, "it was wrong since %s", f->since);
}

static char *id_of(struct arena *a, const struct pipeline *p, const char *day, const char *subject, int64_t number) {
    return arena_fmt(a, "%s/%s/%s/%lld", p->name, *day ? day : "all", subject, (long long)number);
}

int alert_run_ended(struct ledger *l, const struct pipeline *p, const struct alert_run *r, struct err *e) {
    struct arena a = {0};
    struct finding f = {0};
    bool ok = strcmp(r->state, "done") == 0, gate = strcmp(r->state, "gate_failed") == 0;
    if (!ok && !gate && strcmp(r->state, "failed") != 0 && strcmp(r->state, "empty") != 0) return ERR_OK;
    for (int c = 0; c < CHANNEL_COUNT; c++)
        if (p->alerts.url[c])
            alert_channel_ready(p, (enum channel)c, false); /* what is secret is known before texts are made */
    cJSON *doc = doc_new(p, "", r->day);
    int rc = doc_add_run(doc, l, p, r, e);
    if (rc == ERR_OK) rc = note_run(l, p, r, ok ? "ok" : gate ? "gate" : "failure", doc, &f, &a, e);
    if (rc == ERR_OK) rc = note_late(l, p, r, ok, doc, &f, &a, e);
    if (rc == ERR_OK) rc = note_slow(l, p, r, doc, &f, &a, e);
    if (rc == ERR_OK) rc = note_age(l, p, doc, &f, &a, e);
    const cJSON *tries = cJSON_GetObjectItem(doc, "retried");
    bool some_failed = cJSON_GetObjectItem(doc, "requests_failed") != NULL;
    if (ok && f.run.changed && (cJSON_GetArraySize(tries) || some_failed)) alert_kind_add(&f.kinds, ALERT_RETRY);
    if (ok && f.run.changed) alert_kind_add(&f.kinds, ALERT_SUCCESS);
    if (rc == ERR_OK && f.kinds.n) {
        cJSON_ReplaceItemInObject(doc, "id", cJSON_CreateString(id_of(&a, p, r->day, f.number_of, f.number)));
        rc = outbox_put(l, p, doc, &f.kinds, was_words(&a, &f), ok ? r->html : NULL, e);
    }
    if (rc == ERR_OK) rc = alert_look(l, p, r->home, e);
    cJSON_Delete(doc);
    arena_free(&a);
    return rc;
}

struct sighted {
    struct ledger *l;
    const struct pipeline *p;
    const struct alert_sight *s;
};

int sight_note(struct ledger *l, const struct pipeline *p, const struct alert_sight *s, struct err *e) {
    struct arena a = {0};
    struct change c;
    struct alert_kinds kinds = {0};
    bool bad = is_bad(s->state);
    int rc = read_state(l, p->name, s->day, s->subject, s->state, "", &c, e);
    if (rc == ERR_OK && (bad || *c.was)) {
        bool run = strcmp(s->subject, "run") == 0;
        rc = note_state(l, p->name, s->day, s->subject, s->state, run && bad ? s->words : "", &c, e);
        if (rc == ERR_OK && c.changed && (bad || is_bad(c.was))) {
            cJSON *doc = doc_new(p, id_of(&a, p, s->day, s->subject, c.number), s->day);
            if (run) doc_text(doc, "error", s->words);
            if (!run && bad) cJSON_AddItemToArray(cJSON_AddArrayToObject(doc, "missed"), cJSON_CreateString(s->words));
            if (bad) doc_text(doc, "command", alert_command(&a, s->home, p->name, *s->day ? s->day : NULL));
            alert_kind_add(&kinds, !bad ? ALERT_RECOVERY : run ? ALERT_FAILURE : ALERT_SLA);
            rc = outbox_put(l, p, doc, &kinds, bad ? NULL : arena_fmt(&a, "it was wrong since %s", c.since), NULL, e);
            cJSON_Delete(doc);
        }
    }
    arena_free(&a);
    return rc;
}

static int note_sight(void *ctx, struct err *e) {
    struct sighted *x = ctx;
    return sight_note(x->l, x->p, x->s, e);
}

int alert_sighted(struct ledger *l, const struct pipeline *p, const struct alert_sight *s, struct err *e) {
    struct sighted x = {l, p, s};
    for (int c = 0; c < CHANNEL_COUNT; c++)
        if (p->alerts.url[c]) alert_channel_ready(p, (enum channel)c, false);
    return db_transaction(&l->db, note_sight, &x, e);
}

static cJSON *report_doc(const struct pipeline *p, const struct alert_report *r) {
    struct arena a = {0};
    static int number; /* two in one process are two */
    cJSON *doc = doc_new(
        p, arena_fmt(&a, "%s/%s/report/%s.%d.%d", p->name, r->day, utc_text(now_utc()).s, (int)getpid(), ++number),
        r->day);
    doc_text(doc, "gate", r->gate);
    doc_text(doc, "text", r->text);
    doc_finish(doc, ALERT_REPORT, NULL);
    arena_free(&a);
    return doc;
}

void alert_show(const struct pipeline *p, const struct alert_report *r, enum channel c, FILE *out) {
    struct buf b = {0};
    cJSON *doc = report_doc(p, r);
    char *text = cJSON_Print(doc);
    if (c == CHANNEL_SLACK) face_slack(doc, &b);
    if (c == CHANNEL_EMAIL) buf_str(&b, r->html);
    if (c == CHANNEL_WEBHOOK) buf_str(&b, text);
    secret_hide(&b, 0);
    fprintf(out, "%s\n", buf_text(&b));
    free(text);
    buf_free(&b);
    cJSON_Delete(doc);
}

struct reporting {
    struct ledger *l;
    const struct pipeline *p;
    const struct alert_report *r;
};

static int put_report(void *ctx, struct err *e) {
    struct reporting *x = ctx;
    struct pipeline only = *x->p; /* the channels that were asked for */
    struct alert_kinds kinds = {.k = {ALERT_REPORT}, .n = 1};
    cJSON *doc = report_doc(x->p, x->r);
    for (int c = 0; c < CHANNEL_COUNT; c++)
        if (!x->r->to[c]) only.alerts.url[c] = NULL;
    int rc = outbox_put(x->l, &only, doc, &kinds, NULL, x->r->html, e);
    cJSON_Delete(doc);
    return rc;
}

int alert_report(struct ledger *l, const struct pipeline *p, const struct alert_report *r, struct err *e) {
    struct reporting x = {l, p, r};
    return db_transaction(&l->db, put_report, &x, e);
}

char *alert_command(struct arena *a, const char *home, const char *pipeline, const char *day) {
    bool usual = !home || strcmp(home, "./etl-data") == 0 || strcmp(home, "etl-data") == 0;
    return arena_fmt(a, "etl run -p %s%s%s%s%s", pipeline, day ? " " : "", day ? day : "", usual ? "" : " --home ",
                     usual ? "" : home);
}

/*
 * The operator's page over all pipelines of a home: how each stands, days by stage, errors with the command that goes
 * on, durations and rows, rejects by reason, lineage. It is a page like any other: page/operator.json says what it
 * shows, the SELECTs beside it read ledger and warehouse, and three temporary tables tell them what only the
 * definitions know (schedules, stages, the days of the calendar).
 */
#include "base/log.h"
#include "io/file.h"
#include "report/html.h"
#include "report/sla.h"
#include "store/warehouse.h"

#define CALENDAR_DAYS 30
#define PIPELINES_MOST 200

struct operator_page {
    struct pipeline page;  /* what the page is about: no pipeline, but it has words, a zone and a report */
    struct pipeline **all; /* whose definitions can be read */
    size_t n;
    const char **names; /* of all that have run */
    size_t nnames;
    struct report *r;
};

/* ---- which pipelines ---- */

static void add_name(struct operator_page *o, const char *name, const char *home) {
    struct err e = {0};
    struct pipeline *p = NULL;
    if (pipeline_load(&p, name, home, &e)) log_debug("the operator's page knows no more than the ledger: %s", e.msg);
    o->names[o->nnames++] = arena_str(&o->page.a, name);
    if (p) o->all[o->n++] = p;
}

/* Those that have run here. The built-in ones that nobody uses are none of the operator's business; one whose
 * definition is not to be found from here, or broken, has its days all the same. */
static int find_pipelines(struct operator_page *o, const char *home, struct ledger *l, struct err *e) {
    struct stmt s;
    bool row;
    int rc =
        stmt_prepare(&s, &l->db, "SELECT DISTINCT pipeline FROM tasks ORDER BY pipeline LIMIT 200", /* PIPELINES_MOST */
                     "reading the ledger", e);
    if (rc) return rc;
    o->all = arena_alloc(&o->page.a, PIPELINES_MOST * sizeof *o->all);
    o->names = arena_alloc(&o->page.a, PIPELINES_MOST * sizeof *o->names);
    while ((rc = stmt_step(&s, &row, e)) == ERR_OK && row) add_name(o, stmt_col(&s, 0), home);
    stmt_close(&s);
    return rc;
}

/* ---- what only definitions know, as tables ---- */

/* When the day's run begins: as scheduled, else when the day has ended. */
static int64_t day_begins(const struct pipeline *p, day_t d) {
    if (p->schedule_at < 0) return sla_day_end(p, d);
    return zone_to_utc(&p->zone, ((int64_t)d + 1) * 86400 + p->schedule_at * 60);
}

/* The newest day that its schedule has called for. */
static day_t day_owed(const struct pipeline *p, int64_t now) {
    day_t d = zone_day(&p->zone, now);
    while (day_begins(p, d) > now) d--;
    return d;
}

/* Until when, "" where nothing is promised. */
static struct stamp_text day_due(const struct pipeline *p, day_t d) {
    int64_t due = sla_due(p, d);
    return due ? utc_text(due) : (struct stamp_text){""};
}

static int add_row(struct db *db, const char *sql, const char *const *v, int n, struct err *e) {
    struct stmt s;
    int rc = stmt_prepare(&s, db, sql, "the operator's page", e);
    if (rc) return rc;
    for (int i = 0; i < n; i++) stmt_text(&s, i + 1, v[i]);
    rc = stmt_run(&s, e);
    stmt_close(&s);
    return rc;
}

/* p NULL: nothing is known of it, so it may have every stage that most have. */
static int add_stages(const char *name, const struct pipeline *p, struct db *db, struct err *e) {
    static const char *const numbers[] = {"1", "2", "3", "4", "5", "6"};
    bool steps = !p, loads = !p;
    for (size_t i = 0; p && i < p->ndatasets; i++) {
        steps = steps || p->datasets[i].nsteps;
        loads = loads || p->datasets[i].load;
    }
    const bool has[STAGE_COUNT] = {true, true, steps, loads, !p || p->nmodels > 0, true};
    int rc = ERR_OK;
    for (int k = 0; k < STAGE_COUNT && rc == ERR_OK; k++) {
        const char *v[] = {name, numbers[k], stage_name((enum stage)k)};
        if (has[k]) rc = add_row(db, "INSERT INTO op_stages VALUES (?1, ?2, ?3)", v, 3, e);
    }
    const char *last[] = {name, "9", "run"};
    return rc ? rc : add_row(db, "INSERT INTO op_stages VALUES (?1, ?2, ?3)", last, 3, e);
}

static int add_pipeline(const char *name, const struct pipeline *p, day_t to, int64_t now, struct db *db,
                        struct err *e) {
    struct day_text owed = {""};
    struct stamp_text due = {""};
    if (p && (p->schedule_at >= 0 || sla_due(p, to))) {
        owed = day_text(day_owed(p, now));
        due = day_due(p, day_owed(p, now));
    }
    const char *v[] = {name, p ? p->title : name, owed.s[0] ? owed.s : NULL, due.s[0] ? due.s : NULL};
    int rc = add_row(db, "INSERT INTO op_pipelines VALUES (?1, ?2, ?3, ?4)", v, 4, e);
    for (day_t d = to - CALENDAR_DAYS + 1; d <= to && rc == ERR_OK; d++) {
        struct day_text day = day_text(d);
        due = p ? day_due(p, d) : (struct stamp_text){""};
        const char *w[] = {name, day.s, due.s[0] ? due.s : NULL};
        rc = add_row(db, "INSERT INTO op_days VALUES (?1, ?2, ?3)", w, 3, e);
    }
    return rc == ERR_OK ? add_stages(name, p, db, e) : rc;
}

static const struct pipeline *definition_of(const struct operator_page *o, const char *name) {
    for (size_t i = 0; i < o->n; i++)
        if (strcmp(o->all[i]->name, name) == 0) return o->all[i];
    return NULL;
}

/* The calendar ends with yesterday, or where nothing has run for as long as it covers, with the last day that did. */
static day_t last_day(struct ledger *l, day_t yesterday) {
    struct stmt s;
    struct err e;
    bool row;
    day_t d = yesterday;
    if (stmt_prepare(&s, &l->db, "SELECT MAX(day) FROM tasks", "reading the ledger", &e)) return d;
    if (stmt_step(&s, &row, &e) == ERR_OK && row && stmt_col(&s, 0) && day_parse(sv_of(stmt_col(&s, 0)), &d) &&
        d > yesterday - CALENDAR_DAYS)
        d = d > yesterday ? d : yesterday;
    stmt_close(&s);
    return d;
}

static int open_tables(struct operator_page *o, const char *home, day_t to, struct db *db, struct err *e) {
    struct stmt s = {0};
    char *path = arena_fmt(&o->page.a, "%s/warehouse.db", home);
    int rc = db_open(db, ":memory:", 0, 0, e);
    if (rc == ERR_OK && file_exists(path)) {
        rc = stmt_prepare(&s, db, "ATTACH DATABASE ?1 AS warehouse", "reading the warehouse", e);
        stmt_text(&s, 1, path);
        free(db->path); /* what goes wrong from here on goes wrong there */
        db->path = mem_str(path);
        if (rc == ERR_OK) rc = stmt_run(&s, e);
        stmt_close(&s);
    }
    if (rc == ERR_OK)
        rc = db_exec(db, e,
                     "CREATE TEMP TABLE op_pipelines (pipeline TEXT, title TEXT, owed TEXT, due TEXT);"
                     "CREATE TEMP TABLE op_days (pipeline TEXT, day TEXT, due TEXT);"
                     "CREATE TEMP TABLE op_stages (pipeline TEXT, no INTEGER, stage TEXT);");
    for (size_t i = 0; i < o->nnames && rc == ERR_OK; i++)
        rc = add_pipeline(o->names[i], definition_of(o, o->names[i]), to, now_utc(), db, e);
    return rc;
}

/* ---- the page ---- */

static const char *word_of(const struct operator_page *o, const char *s) {
    return s && *s == '@' ? report_word_in(o->page.language, s + 1) : s;
}

/* What begins with @ in the definition, in the language of the pipelines: English where they have several. */
static void translate(struct operator_page *o) {
    struct pl_report *d = o->page.report;
    d->title = word_of(o, d->title);
    for (size_t i = 0; i < d->nchoosers; i++) d->choosers[i].label = word_of(o, d->choosers[i].label);
    for (size_t i = 0; i < d->nblocks; i++) {
        struct pl_query *q = &d->blocks[i];
        q->title = word_of(o, q->title);
        q->note = word_of(o, q->note);
        for (size_t k = 0; k < q->ncols; k++) q->cols[k].label = word_of(o, q->cols[k].label);
    }
}

static void find_language(struct operator_page *o) {
    o->page.language = o->n ? o->all[0]->language : "en";
    o->page.zone = o->n ? o->all[0]->zone : (struct zone){0};
    for (size_t i = 1; i < o->n; i++)
        if (strcmp(o->all[i]->language, o->page.language) != 0) o->page.language = "en";
}

int operator_gather(struct operator_page **out, const char *home, struct err *e) {
    struct operator_page *o = mem_alloc(sizeof *o);
    struct ledger l = {0};
    struct db db = {0};
    o->page.name = "operator";
    o->page.title = "";
    o->page.builtin = "page";
    o->page.schedule_at = -1;
    int rc = ledger_open_read(&l, home, e);
    if (rc == ERR_OK) rc = find_pipelines(o, home, &l, e);
    if (rc == ERR_OK) {
        find_language(o);
        rc = report_define(&o->page, "operator.json", e);
    }
    if (rc == ERR_OK) {
        translate(o);
        day_t to = last_day(&l, zone_day(&o->page.zone, now_utc()) - 1);
        rc = open_tables(o, home, to, &db, e);
        if (rc == ERR_OK) rc = report_gather(&o->r, &o->page, to, &db, &l, NULL, e);
    }
    if (rc == ERR_OK) {
        o->r->all = (const struct pipeline **)o->all;
        o->r->nall = o->n;
        *out = o;
    } else {
        operator_free(o);
    }
    if (db.h) db_close(&db);
    ledger_close(&l);
    return rc;
}

const struct report *operator_report(const struct operator_page *o) {
    return o->r;
}

void operator_html(const struct operator_page *o, struct buf *b) {
    const struct pl_report *d = o->page.report;
    struct html_frame f = {
        .language = o->page.language, .title = d->title, .script = true, .charts = page_has_charts(o->r)};
    html_begin(b, &f);
    buf_str(b, "<header>");
    html_element(b, "h1", d->title);
    buf_str(b, "<p>");
    html_text(b, report_word_in(o->page.language, "op_as_of"));
    buf_str(b, " <b>");
    html_text(b, report_time_text(o->r, o->r->now, &o->r->a));
    buf_str(b, "</b></p></header>\n");
    page_words(b, o->r);
    page_choosers(b, o->r);
    page_tab(b, o->r, &d->tabs[0], 0, false);
    buf_fmt(b, "<footer>etl %s</footer>\n", ETL_VERSION);
    html_end(b, &f);
}

void operator_free(struct operator_page *o) {
    if (!o) return;
    report_free(o->r);
    for (size_t i = 0; i < o->n; i++) pipeline_free(o->all[i]);
    arena_free(&o->page.a);
    free(o);
}

/* The document of an alert: facts from the ledger and the quality log, nothing about how they look. See alert.h. */
#include <math.h>
#include <unistd.h>

#include "base/log.h"
#include "report/alert_impl.h"
#include "store/warehouse.h"

#define STEPS_MOST 60 /* a message is no log */
#define CHECKS_MOST 20
#define SAMPLES_MOST 3

const char *doc_str(const cJSON *doc, const char *name) {
    const cJSON *v = cJSON_GetObjectItem(doc, name);
    return cJSON_IsString(v) && v->valuestring[0] ? v->valuestring : NULL;
}

void doc_text(cJSON *o, const char *name, const char *value) {
    if (!value || !*value) return;
    struct buf clean = {0};
    log_clean(&clean, sv_of(value));
    cJSON_AddStringToObject(o, name, buf_text(&clean));
    buf_free(&clean);
}

cJSON *doc_new(const struct pipeline *p, const char *id, const char *day) {
    char host[128] = "";
    cJSON *o = cJSON_CreateObject();
    gethostname(host, sizeof host - 1);
    cJSON_AddNumberToObject(o, "version", 1);
    cJSON_AddStringToObject(o, "id", id);
    cJSON_AddStringToObject(o, "at", utc_text(now_utc()).s);
    doc_text(o, "pipeline", p->name);
    doc_text(o, "title", p->title);
    doc_text(o, "day", day);
    doc_text(o, "host", host);
    return o;
}

static void add_count(cJSON *o, const char *name, struct stmt *s, int col) {
    if (sqlite3_column_type(s->h, col) != SQLITE_NULL) cJSON_AddNumberToObject(o, name, (double)stmt_col_int(s, col));
}

static double round_to(double x, double unit) {
    return round(x * unit) / unit;
}

static void add_step(cJSON *steps, cJSON *retried, struct stmt *s) {
    cJSON *o = cJSON_CreateObject();
    doc_text(o, "stage", stmt_col(s, 0));
    doc_text(o, "dataset", stmt_col(s, 1));
    doc_text(o, "state", stmt_col(s, 2));
    add_count(o, "rows_in", s, 3);
    add_count(o, "rows_out", s, 4);
    add_count(o, "rows_rejected", s, 5);
    cJSON_AddNumberToObject(o, "seconds", round_to(sqlite3_column_double(s->h, 6), 1000));
    cJSON_AddNumberToObject(o, "attempts", (double)stmt_col_int(s, 7));
    cJSON_AddItemToArray(steps, o);
    if (stmt_col_int(s, 7) < 2) return;
    o = cJSON_CreateObject();
    doc_text(o, "stage", stmt_col(s, 0));
    doc_text(o, "dataset", stmt_col(s, 1));
    cJSON_AddNumberToObject(o, "attempts", (double)stmt_col_int(s, 7));
    doc_text(o, "error", stmt_col(s, 8)); /* of the last attempt that failed */
    cJSON_AddItemToArray(retried, o);
}

static int add_steps(cJSON *doc, struct ledger *l, const struct alert_run *r, struct err *e) {
    struct stmt s;
    bool row;
    int rc = stmt_prepare(
        &s, &l->db,
        "SELECT stage, dataset, state, rows_in, rows_out, rows_rejected, (SELECT SUM(seconds) FROM tasks WHERE "
        "run_id=t.run_id AND stage=t.stage AND dataset=t.dataset), attempt, (SELECT error FROM tasks WHERE "
        "run_id=t.run_id AND stage=t.stage AND dataset=t.dataset AND error IS NOT NULL ORDER BY task_id DESC LIMIT 1) "
        "FROM tasks AS t WHERE run_id=?1 AND mode='run' AND task_id=(SELECT MAX(task_id) FROM tasks WHERE "
        "run_id=t.run_id AND stage=t.stage AND dataset=t.dataset) ORDER BY task_id",
        "reading the ledger", e);
    if (rc) return rc;
    stmt_text(&s, 1, r->run_id);
    cJSON *steps = cJSON_AddArrayToObject(doc, "steps"), *retried = cJSON_CreateArray();
    for (int n = 0; n < STEPS_MOST && (rc = stmt_step(&s, &row, e)) == ERR_OK && row; n++) {
        add_step(steps, retried, &s);
        if (r->stage && strcmp(r->stage, stmt_col(&s, 0)) == 0 &&
            (!r->dataset || strcmp(r->dataset, stmt_col(&s, 1)) == 0))
            cJSON_AddNumberToObject(doc, "attempts", (double)stmt_col_int(&s, 7));
    }
    stmt_close(&s);
    if (cJSON_GetArraySize(retried))
        cJSON_AddItemToObject(doc, "retried", retried);
    else
        cJSON_Delete(retried);
    return rc;
}

static double least_rate(const struct pipeline *p, const char *dataset, const char *name) {
    const struct pl_dataset *d = pipeline_dataset(p, dataset);
    for (size_t i = 0; d && i < d->nchecks; i++)
        if (strcmp(d->checks[i].name, name) == 0) return d->checks[i].min_pass_rate;
    return d ? d->min_pass_rate : NAN; /* the check of reading itself is in no definition */
}

static void add_samples(cJSON *check, const char *json) {
    cJSON *list = json ? cJSON_Parse(json) : NULL, *out = cJSON_AddArrayToObject(check, "samples");
    const cJSON *s;
    int n = 0;
    cJSON_ArrayForEach(s, list) {
        if (n++ == SAMPLES_MOST) break;
        cJSON *o = cJSON_CreateObject();
        const cJSON *line = cJSON_GetObjectItem(s, "line");
        if (cJSON_IsNumber(line)) cJSON_AddNumberToObject(o, "line", line->valuedouble);
        doc_text(o, "field", doc_str(s, "field"));
        doc_text(o, "found", doc_str(s, "found"));
        doc_text(o, "expected", doc_str(s, "expected"));
        cJSON_AddItemToArray(out, o);
    }
    cJSON_Delete(list);
}

/* The failed checks; a warehouse that cannot be read costs the details only. */
static void add_checks(cJSON *doc, const struct pipeline *p, const struct alert_run *r) {
    struct db wh = {0};
    struct stmt s = {0};
    struct err e;
    bool row;
    if (warehouse_open_read(&wh, r->home, &e)) return;
    int rc =
        stmt_prepare(&s, &wh,
                     "SELECT dataset, check_no, check_name, check_type, total_records, failed_records, pass_rate, "
                     "samples FROM quality_check_log WHERE pipeline=?1 AND check_date=?2 AND status='FAIL' ORDER BY "
                     "dataset, check_no",
                     "quality_check_log", &e);
    cJSON *list = cJSON_AddArrayToObject(doc, "checks");
    if (rc == ERR_OK) {
        stmt_text(&s, 1, p->name);
        stmt_text(&s, 2, r->day);
    }
    for (int n = 0; rc == ERR_OK && n < CHECKS_MOST && (rc = stmt_step(&s, &row, &e)) == ERR_OK && row; n++) {
        cJSON *o = cJSON_CreateObject();
        doc_text(o, "dataset", stmt_col(&s, 0));
        doc_text(o, "name", stmt_col(&s, 2));
        doc_text(o, "type", stmt_col(&s, 3));
        add_count(o, "total", &s, 4);
        add_count(o, "failed", &s, 5);
        cJSON_AddNumberToObject(o, "pass_rate", round_to(sqlite3_column_double(s.h, 6), 10000));
        double least = least_rate(p, stmt_col(&s, 0), stmt_col(&s, 2));
        if (!isnan(least)) cJSON_AddNumberToObject(o, "min_pass_rate", least);
        add_samples(o, stmt_col(&s, 7));
        cJSON_AddItemToArray(list, o);
    }
    stmt_close(&s);
    db_close(&wh);
}

/* {pipeline}, {day} and {run} in a URL; they hold letters, digits, '_', '-' and '.' only. */
static char *fill_link(struct arena *a, const char *link, const struct pipeline *p, const struct alert_run *r) {
    struct buf b = {0};
    const struct {
        const char *word, *value;
    } words[] = {{"{pipeline}", p->name}, {"{day}", r->day}, {"{run}", r->run_id}};
    while (*link) {
        int k = 0;
        while (k < 3 && strncmp(link, words[k].word, strlen(words[k].word)) != 0) k++;
        if (k < 3) {
            buf_str(&b, words[k].value);
            link += strlen(words[k].word);
        } else {
            buf_chr(&b, *link++);
        }
    }
    char *out = arena_strn(a, buf_text(&b), b.n);
    buf_free(&b);
    return out;
}

/* How the requests of a crawled dataset went:
 * {"dataset":"shop1","success":1200,"failed":3,"again":15,"reasons":{"timeout":3}} */
static int add_requests_of(cJSON *list, struct ledger *l, const char *source, const char *dataset, const char *day,
                           int64_t *failed, struct err *e) {
    struct stmt s;
    bool row;
    int64_t good = 0, bad = 0, again = 0;
    cJSON *reasons = cJSON_CreateObject();
    int rc =
        stmt_prepare(&s, &l->db,
                     "SELECT state, COALESCE(reason, '?'), COUNT(*), SUM(attempts>1) FROM requests WHERE source=?1 AND "
                     "day=?2 GROUP BY 1, 2 ORDER BY 3 DESC",
                     "reading the ledger", e);
    if (rc == ERR_OK) {
        stmt_text(&s, 1, source);
        stmt_text(&s, 2, day);
    }
    while (rc == ERR_OK && (rc = stmt_step(&s, &row, e)) == ERR_OK && row) {
        bool fail = strcmp(stmt_col(&s, 0), "FAILED") == 0;
        *(fail ? &bad : &good) += stmt_col_int(&s, 2);
        again += stmt_col_int(&s, 3);
        if (fail) cJSON_AddNumberToObject(reasons, stmt_col(&s, 1), (double)stmt_col_int(&s, 2));
    }
    stmt_close(&s);
    *failed += bad;
    if (rc || !(good + bad)) {
        cJSON_Delete(reasons);
        return rc;
    }
    cJSON *o = cJSON_CreateObject();
    doc_text(o, "dataset", dataset);
    cJSON_AddNumberToObject(o, "success", (double)good);
    cJSON_AddNumberToObject(o, "failed", (double)bad);
    cJSON_AddNumberToObject(o, "again", (double)again);
    cJSON_AddItemToObject(o, "reasons", reasons);
    cJSON_AddItemToArray(list, o);
    return rc;
}

static int add_requests(cJSON *doc, struct ledger *l, const struct pipeline *p, const char *day, struct err *e) {
    struct arena a = {0};
    cJSON *list = cJSON_CreateArray();
    int64_t failed = 0;
    int rc = ERR_OK;
    for (size_t i = 0; i < p->ndatasets && rc == ERR_OK; i++)
        rc = add_requests_of(list, l, arena_fmt(&a, "%s/%s", p->name, p->datasets[i].name), p->datasets[i].name, day,
                             &failed, e);
    if (cJSON_GetArraySize(list))
        cJSON_AddItemToObject(doc, "requests", list);
    else
        cJSON_Delete(list);
    if (failed) cJSON_AddNumberToObject(doc, "requests_failed", (double)failed);
    arena_free(&a);
    return rc;
}

int doc_add_run(cJSON *doc, struct ledger *l, const struct pipeline *p, const struct alert_run *r, struct err *e) {
    struct arena a = {0};
    doc_text(doc, "run_id", r->run_id);
    doc_text(doc, "state", r->state);
    doc_text(doc, "stage", r->stage);
    doc_text(doc, "dataset", r->dataset);
    doc_text(doc, "error", r->error);
    doc_text(doc, "log", p->alerts.links ? fill_link(&a, p->alerts.links, p, r) : r->log_path);
    if (strcmp(r->state, "done") != 0) doc_text(doc, "command", alert_command(&a, r->home, p->name, r->day));
    if (strcmp(r->state, "gate_failed") == 0) add_checks(doc, p, r);
    arena_free(&a);
    int rc = add_steps(doc, l, r, e);
    return rc ? rc : add_requests(doc, l, p, r->day, e);
}

char *doc_requests(struct arena *a, const cJSON *o) {
    const cJSON *r;
    struct buf b = {0};
    buf_fmt(&b, "%s: %.0f requests well", doc_str(o, "dataset") ? doc_str(o, "dataset") : "",
            cJSON_GetNumberValue(cJSON_GetObjectItem(o, "success")));
    double failed = cJSON_GetNumberValue(cJSON_GetObjectItem(o, "failed"));
    double again = cJSON_GetNumberValue(cJSON_GetObjectItem(o, "again"));
    if (failed > 0) buf_fmt(&b, ", %.0f failed", failed);
    cJSON_ArrayForEach(r, cJSON_GetObjectItem(o, "reasons"))
        buf_fmt(&b, "%s%s %.0f%s", r == cJSON_GetObjectItem(o, "reasons")->child ? " (" : ", ", r->string,
                r->valuedouble, r->next ? "" : ")");
    if (again > 0) buf_fmt(&b, ", %.0f sent more than once", again);
    char *out = arena_strn(a, buf_text(&b), b.n);
    buf_free(&b);
    return out;
}

static const char *what(enum alert_kind kind, const cJSON *doc) {
    static const char *const words[ALERT_KINDS] = {"failed",     "quality gate FAILED", "done",  "done, after retries",
                                                   "SLA missed", "recovered",           "report"};
    const char *state = doc_str(doc, "state");
    if (kind == ALERT_RECOVERY && state && strcmp(state, "done") == 0) return "recovered: done";
    if (kind == ALERT_RETRY && !cJSON_GetArraySize(cJSON_GetObjectItem(doc, "retried")))
        return "done, some requests failed";
    if (kind == ALERT_FAILURE && state && strcmp(state, "empty") == 0) return "empty";
    return words[kind];
}

void doc_finish(cJSON *doc, enum alert_kind kind, const char *was) {
    struct buf b = {0};
    const char *day = doc_str(doc, "day");
    cJSON_DeleteItemFromObject(doc, "kind");
    cJSON_DeleteItemFromObject(doc, "headline");
    cJSON_DeleteItemFromObject(doc, "was");
    cJSON_AddStringToObject(doc, "kind", alert_kind_names[kind]);
    buf_fmt(&b, "%s%s%s: %s", doc_str(doc, "title") ? doc_str(doc, "title") : "", day ? " " : "", day ? day : "",
            what(kind, doc));
    cJSON_AddStringToObject(doc, "headline", buf_text(&b));
    doc_text(doc, "was", kind == ALERT_RECOVERY || kind == ALERT_SUCCESS || kind == ALERT_RETRY ? was : NULL);
    buf_free(&b);
}

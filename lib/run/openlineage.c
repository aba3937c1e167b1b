/* See openlineage.h. The facets are in openlineage_facets.c. */
#include "run/openlineage_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/log.h"

int openlineage_open(struct openlineage *o, const char *path, struct plan *pl, struct err *e) {
    char cwd[4096];
    *o = (struct openlineage){.fd = -1, .plan = pl, .home = pl->env->home};
    if (!path) return ERR_OK;
    if (o->home[0] != '/' && getcwd(cwd, sizeof cwd))
        o->home = arena_fmt(&pl->a, "%s/%s", cwd, strncmp(o->home, "./", 2) == 0 ? o->home + 2 : o->home);
    snprintf(o->day, sizeof o->day, "%s", day_text(pl->day).s);
    o->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    return o->fd < 0 ? err_sys(e, ERR_IO, "cannot write the OpenLineage events to %s", path) : ERR_OK;
}

void openlineage_close(struct openlineage *o) {
    if (o->fd >= 0) close(o->fd);
    o->fd = -1;
}

/* The same run has the same UUID (version 8: made by ourselves), also when the next run tells of its end. */
static void make_uuid(const struct openlineage *o, const char *run_id, const char *started_at, const char *step,
                      int attempt, char out[37]) {
    char hex[65], host[128] = "", number[16];
    struct sha256 h;
    gethostname(host, sizeof host - 1);
    snprintf(number, sizeof number, "%d", attempt);
    sha256_start(&h);
    sha256_str(&h, host);
    sha256_str(&h, o->home);
    sha256_str(&h, run_id);
    sha256_str(&h, started_at);
    sha256_str(&h, step);
    sha256_str(&h, number);
    sha256_hex(&h, hex);
    snprintf(out, 37, "%.8s-%.4s-8%.3s-a%.3s-%.12s", hex, hex + 8, hex + 13, hex + 17, hex + 20);
}

/* One line, one write: several processes may append to one file. */
static void emit(struct openlineage *o, cJSON *event) {
    struct buf b = {0};
    char *text = cJSON_PrintUnformatted(event);
    buf_str(&b, text);
    secret_hide(&b, 0);
    buf_chr(&b, '\n');
    ssize_t n = o->failed ? (ssize_t)b.n : write(o->fd, b.p, b.n);
    if (n != (ssize_t)b.n) {
        o->failed = true;
        log_warn("the OpenLineage events cannot be written: %s; the run goes on without them",
                 n < 0 ? strerror(errno) : "the disk is full");
    }
    free(text);
    buf_free(&b);
    cJSON_Delete(event);
}

static cJSON *new_event(const char *type, const char *uuid, const char *job, const char *job_type, cJSON **run_facets,
                        cJSON **job_facets) {
    const char *ns = getenv("OPENLINEAGE_NAMESPACE");
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "eventType", type);
    cJSON_AddStringToObject(o, "eventTime", utc_text(now_utc()).s);
    cJSON_AddStringToObject(o, "producer", OL_PRODUCER);
    cJSON_AddStringToObject(o, "schemaURL", OL_SPEC "RunEvent");
    cJSON *run = cJSON_AddObjectToObject(o, "run"), *j = cJSON_AddObjectToObject(o, "job");
    cJSON_AddStringToObject(run, "runId", uuid);
    *run_facets = cJSON_AddObjectToObject(run, "facets");
    cJSON_AddStringToObject(j, "namespace", ns && *ns ? ns : "etl");
    cJSON_AddStringToObject(j, "name", job);
    *job_facets = cJSON_AddObjectToObject(j, "facets");
    cJSON *t = ol_facet(*job_facets, "jobType", "facets/2-0-3/JobTypeJobFacet");
    cJSON_AddStringToObject(t, "processingType", "BATCH");
    cJSON_AddStringToObject(t, "integration", "ETL");
    cJSON_AddStringToObject(t, "jobType", job_type);
    return o;
}

static void run_event(struct openlineage *o, const char *type, const char *run_id, const char *started_at,
                      const char *error) {
    char uuid[37];
    cJSON *run, *job;
    if (o->fd < 0) return;
    make_uuid(o, run_id, started_at, "", 0, uuid);
    cJSON *event = new_event(type, uuid, o->plan->p->name, "PIPELINE", &run, &job);
    ol_run_facets(o, run, error);
    cJSON *doc = ol_facet(job, "documentation", "facets/1-1-0/DocumentationJobFacet");
    cJSON_AddStringToObject(doc, "description", o->plan->p->title);
    cJSON_AddArrayToObject(event, "inputs");
    cJSON_AddArrayToObject(event, "outputs");
    emit(o, event);
}

static void end_killed(struct openlineage *o, struct ledger *l, const char *run_id) {
    struct stmt s;
    struct err e;
    bool row;
    if (stmt_prepare(
            &s, &l->db,
            "SELECT run_id, started_at, error FROM runs WHERE pipeline=?1 AND day=?2 AND run_id<>?3 ORDER BY rowid "
            "DESC LIMIT 1",
            "reading the ledger", &e))
        return;
    stmt_text(&s, 1, o->plan->p->name);
    stmt_text(&s, 2, o->day);
    stmt_text(&s, 3, run_id);
    if (stmt_step(&s, &row, &e) == ERR_OK && row && stmt_col(&s, 2) && strncmp(stmt_col(&s, 2), "killed:", 7) == 0)
        run_event(o, "ABORT", stmt_col(&s, 0), stmt_col(&s, 1), stmt_col(&s, 2));
    stmt_close(&s);
}

void openlineage_run_start(struct openlineage *o, struct ledger *l, const char *run_id, const char *started_at) {
    if (o->fd < 0) return;
    end_killed(o, l, run_id);
    snprintf(o->run_id, sizeof o->run_id, "%s", run_id);
    snprintf(o->started_at, sizeof o->started_at, "%s", started_at);
    run_event(o, "START", run_id, started_at, NULL);
}

static const char *type_of(const char *state) {
    if (strcmp(state, "done") == 0 || strcmp(state, "partial") == 0) return "COMPLETE";
    return strcmp(state, "stopped") == 0 ? "ABORT" : "FAIL";
}

void openlineage_run_end(struct openlineage *o, const char *state, const char *error) {
    run_event(o, type_of(state), o->run_id, o->started_at, error);
}

static void step_event(struct openlineage *o, const struct plan_step *s, int attempt, const struct step_result *r,
                       const char *type, const char *error) {
    struct arena a = {0};
    char uuid[37], parent[37];
    cJSON *run, *job;
    if (o->fd < 0) return;
    char *name = arena_fmt(&a, "%s.%s.%s", o->plan->p->name, stage_name(s->stage), s->name);
    make_uuid(o, o->run_id, o->started_at, name, attempt, uuid);
    make_uuid(o, o->run_id, o->started_at, "", 0, parent);
    cJSON *event = new_event(type, uuid, name, "STEP", &run, &job);
    ol_run_facets(o, run, error);
    ol_parent(run, parent, cJSON_GetObjectItem(cJSON_GetObjectItem(event, "job"), "namespace")->valuestring,
              o->plan->p->name);
    if (s->m) {
        cJSON *sql = ol_facet(job, "sql", "facets/1-1-0/SQLJobFacet");
        cJSON_AddStringToObject(sql, "query", s->m->sql ? s->m->sql : "");
    }
    cJSON *in = cJSON_AddArrayToObject(event, "inputs"), *out = cJSON_AddArrayToObject(event, "outputs");
    ol_datasets(o, s, r, in, out);
    emit(o, event);
    arena_free(&a);
}

void openlineage_step_start(struct openlineage *o, const struct plan_step *s, int attempt) {
    step_event(o, s, attempt, NULL, "START", NULL);
}

void openlineage_step_end(struct openlineage *o, const struct plan_step *s, int attempt, const struct step_result *r,
                          const char *state, const char *error) {
    step_event(o, s, attempt, r, strcmp(state, "empty") == 0 ? "COMPLETE" : type_of(state), error);
}

/* Datasets and facets of OpenLineage events. Names follow the spec's: files are namespace "file" and an absolute path,
 * tables "sqlite:PATH" and the table's name. */
#include <unistd.h>

#include "base/log.h"
#include "report/sla.h"
#include "run/openlineage_impl.h"
#include "store/warehouse.h"

cJSON *ol_facet(cJSON *facets, const char *name, const char *schema) {
    struct arena a = {0};
    cJSON *f = cJSON_AddObjectToObject(facets, name);
    cJSON_AddStringToObject(f, "_producer", OL_PRODUCER);
    cJSON_AddStringToObject(
        f, "_schemaURL",
        arena_fmt(&a, "https://openlineage.io/spec/%s.json#/$defs/%s", schema, strrchr(schema, '/') + 1));
    arena_free(&a);
    return f;
}

static void add_clean(cJSON *o, const char *name, const char *text) {
    struct buf clean = {0};
    log_clean(&clean, sv_of(text));
    cJSON_AddStringToObject(o, name, buf_text(&clean));
    buf_free(&clean);
}

void ol_run_facets(const struct openlineage *o, cJSON *facets, const char *error) {
    const struct pipeline *p = o->plan->p;
    cJSON *f = ol_facet(facets, "nominalTime", "facets/1-0-1/NominalTimeRunFacet");
    cJSON_AddStringToObject(f, "nominalStartTime", utc_text(sla_day_end(p, o->plan->day - 1)).s);
    cJSON_AddStringToObject(f, "nominalEndTime", utc_text(sla_day_end(p, o->plan->day)).s);
    f = ol_facet(facets, "processing_engine", "facets/1-1-1/ProcessingEngineRunFacet");
    cJSON_AddStringToObject(f, "name", "etl");
    cJSON_AddStringToObject(f, "version", ETL_VERSION);
    f = ol_facet(facets, "etl_run", "2-0-2/OpenLineage"); /* so that events, ledger and logs find each other */
    cJSON_ReplaceItemInObject(f, "_schemaURL", cJSON_CreateString(OL_SPEC "RunFacet"));
    if (o->run_id[0]) cJSON_AddStringToObject(f, "run_id", o->run_id);
    cJSON_AddStringToObject(f, "day", o->day);
    if (!error) return;
    f = ol_facet(facets, "errorMessage", "facets/1-0-1/ErrorMessageRunFacet");
    add_clean(f, "message", error);
    cJSON_AddStringToObject(f, "programmingLanguage", "C");
}

void ol_parent(cJSON *facets, const char *run, const char *ns, const char *job) {
    cJSON *f = ol_facet(facets, "parent", "facets/1-1-0/ParentRunFacet");
    cJSON_AddStringToObject(cJSON_AddObjectToObject(f, "run"), "runId", run);
    cJSON *j = cJSON_AddObjectToObject(f, "job");
    cJSON_AddStringToObject(j, "namespace", ns);
    cJSON_AddStringToObject(j, "name", job);
}

static cJSON *dataset(cJSON *list, const char *ns, const char *name) {
    cJSON *d = cJSON_CreateObject();
    cJSON_AddStringToObject(d, "namespace", ns);
    cJSON_AddStringToObject(d, "name", name);
    cJSON_AddItemToArray(list, d);
    return d;
}

static cJSON *file(const struct openlineage *o, struct arena *a, cJSON *list, const char *layer,
                   const struct pl_dataset *d, const char *step) {
    return dataset(list, "file",
                   arena_fmt(a, "%s/lake/%s/%s/%s%s%s", o->home, o->plan->p->name, layer, d->name, step ? "/" : "",
                             step ? step : ""));
}

static cJSON *table(const struct openlineage *o, struct arena *a, cJSON *list, const char *name,
                    const struct column *cols, size_t ncols) {
    cJSON *d = dataset(list, arena_fmt(a, "sqlite:%s/warehouse.db", o->home), name);
    if (!ncols) return d;
    cJSON *f = ol_facet(cJSON_AddObjectToObject(d, "facets"), "schema", "facets/1-1-1/SchemaDatasetFacet");
    cJSON *fields = cJSON_AddArrayToObject(f, "fields");
    for (size_t i = 0; i < ncols; i++) {
        cJSON *x = cJSON_CreateObject();
        cJSON_AddStringToObject(x, "name", cols[i].name);
        cJSON_AddStringToObject(x, "type", column_type_names[cols[i].type]);
        cJSON_AddItemToArray(fields, x);
    }
    return d;
}

static void statistics(cJSON *d, int64_t rows, int64_t bytes) {
    if (rows < 0) return;
    cJSON *f = ol_facet(cJSON_AddObjectToObject(d, "outputFacets"), "outputStatistics",
                        "facets/1-0-2/OutputStatisticsOutputDatasetFacet");
    cJSON_AddNumberToObject(f, "rowCount", (double)rows);
    if (bytes >= 0) cJSON_AddNumberToObject(f, "size", (double)bytes);
}

static cJSON *metrics(cJSON *d, int64_t rows, int64_t bytes) {
    cJSON *facets = cJSON_AddObjectToObject(d, "inputFacets");
    if (rows < 0) return facets;
    cJSON *f = ol_facet(facets, "dataQualityMetrics", "facets/1-0-3/DataQualityMetricsInputDatasetFacet");
    cJSON_AddNumberToObject(f, "rowCount", (double)rows);
    if (bytes >= 0) cJSON_AddNumberToObject(f, "bytes", (double)bytes);
    cJSON_AddObjectToObject(f, "columnMetrics");
    return facets;
}

static const char *column_of(const struct pl_dataset *d, const char *check) {
    for (size_t i = 0; i < d->nchecks; i++)
        if (strcmp(d->checks[i].name, check) == 0) return d->checks[i].field;
    return NULL;
}

/* The checks of the day, as the quality log has them. */
static void assertions(const struct openlineage *o, const struct plan_step *s, cJSON *facets) {
    struct db wh = {0};
    struct stmt q = {0};
    struct err e;
    bool row;
    if (warehouse_open_read(&wh, o->plan->env->home, &e)) return;
    cJSON *f = ol_facet(facets, "dataQualityAssertions", "facets/1-0-1/DataQualityAssertionsDatasetFacet");
    cJSON *list = cJSON_AddArrayToObject(f, "assertions");
    if (stmt_prepare(
            &q, &wh,
            "SELECT check_name, status FROM quality_check_log WHERE pipeline=?1 AND dataset=?2 AND check_date=?3 "
            "ORDER BY check_no",
            "quality_check_log", &e) == ERR_OK) {
        stmt_text(&q, 1, o->plan->p->name);
        stmt_text(&q, 2, s->d->name);
        stmt_text(&q, 3, o->day);
        while (stmt_step(&q, &row, &e) == ERR_OK && row) {
            cJSON *x = cJSON_CreateObject();
            const char *column = column_of(s->d, stmt_col(&q, 0));
            cJSON_AddStringToObject(x, "assertion", stmt_col(&q, 0));
            cJSON_AddBoolToObject(x, "success", strcmp(stmt_col(&q, 1), "PASS") == 0);
            if (column) cJSON_AddStringToObject(x, "column", column);
            cJSON_AddItemToArray(list, x);
        }
    }
    stmt_close(&q);
    db_close(&wh);
}

/* Tables and models that a model reads; what is only a part of its SQL is looked through. */
static void references(const struct openlineage *o, struct arena *a, const struct pl_model *m, cJSON *in, int depth) {
    for (size_t i = 0; i < m->refs.n && depth < 20; i++) {
        const struct pl_model *ref = pipeline_model(o->plan->p, m->refs.s[i]);
        const struct pl_dataset *d = pipeline_loader_of(o->plan->p, m->refs.s[i]);
        if (ref && ref->kind == MODEL_CTE)
            references(o, a, ref, in, depth + 1);
        else if (ref)
            table(o, a, in, ref->name, ref->cols, ref->ncols);
        else
            table(o, a, in, m->refs.s[i], d ? d->load->cols : NULL, d ? d->load->ncols : 0);
    }
}

/* A dataset made of others: "dataset" is what it loads, "dataset/step" what that step gave. */
static void from_datasets(const struct openlineage *o, struct arena *a, const struct pl_dataset *d, cJSON *in) {
    for (size_t i = 0; i < d->source.from.n; i++) {
        const char *name = d->source.from.s[i], *slash = strchr(name, '/');
        const struct pl_dataset *other =
            pipeline_dataset(o->plan->p, slash ? arena_strn(a, name, (size_t)(slash - name)) : name);
        if (!other) continue;
        const char *step = slash ? slash + 1 : other->nsteps ? other->steps[other->nsteps - 1].name : NULL;
        file(o, a, in, step ? "silver" : "valid", other, step);
    }
}

static void source(const struct openlineage *o, struct arena *a, const struct pl_dataset *d, cJSON *in) {
    const struct pl_source *s = &d->source;
    bool inside = s->kind == SOURCE_DATASET || s->kind == SOURCE_SEED; /* --source is not for these */
    const char *path = s->kind == SOURCE_FILES ? s->path : NULL;
    char cwd[4096] = "";
    if (!inside && o->plan->env->collect.source) path = o->plan->env->collect.source;
    if (s->kind == SOURCE_DATASET)
        from_datasets(o, a, d, in);
    else if (!path)
        dataset(in, "etl", arena_fmt(a, "%s/source/%s", o->plan->p->name, d->name));
    else if (path[0] == '/' || !getcwd(cwd, sizeof cwd))
        dataset(in, "file", path);
    else
        dataset(in, "file", arena_fmt(a, "%s/%s", cwd, path));
}

static void before(const struct openlineage *o, struct arena *a, const struct plan_step *s, size_t step, cJSON *in,
                   const struct step_result *r) {
    cJSON *d = step ? file(o, a, in, "silver", s->d, s->d->steps[step - 1].name) : file(o, a, in, "valid", s->d, NULL);
    if (r) metrics(d, r->rows_in, r->bytes);
}

static void everything(const struct openlineage *o, struct arena *a, cJSON *in) {
    const struct pipeline *p = o->plan->p;
    for (size_t i = 0; i < p->ndatasets; i++)
        if (p->datasets[i].load) table(o, a, in, p->datasets[i].load->table, NULL, 0);
    for (size_t i = 0; i < p->nmodels; i++)
        if (p->models[i].kind != MODEL_CTE && p->models[i].kind != MODEL_CHECK)
            table(o, a, in, p->models[i].name, NULL, 0);
}

void ol_datasets(const struct openlineage *o, const struct plan_step *s, const struct step_result *r, cJSON *in,
                 cJSON *out) {
    struct arena a = {0};
    cJSON *d = NULL;
    int64_t rows = r ? r->rows_out : -1, bytes = -1;
    switch (s->stage) {
    case STAGE_COLLECT:
        source(o, &a, s->d, in);
        d = file(o, &a, out, "raw", s->d, NULL);
        bytes = r ? r->bytes : -1;
        break;
    case STAGE_VALIDATE:
        d = file(o, &a, in, "raw", s->d, NULL);
        if (r) assertions(o, s, metrics(d, r->rows_in, r->bytes));
        statistics(file(o, &a, out, "rejected", s->d, NULL), r ? r->rows_rejected : -1, -1);
        d = file(o, &a, out, "valid", s->d, NULL);
        break;
    case STAGE_TRANSFORM:
        before(o, &a, s, s->t_index, in, r);
        d = file(o, &a, out, "silver", s->d, s->t->name);
        break;
    case STAGE_LOAD:
        before(o, &a, s, s->d->nsteps, in, r);
        d = table(o, &a, out, s->d->load->table, s->d->load->cols, s->d->load->ncols);
        break;
    case STAGE_MART:
        references(o, &a, s->m, in, 0);
        if (s->m->kind != MODEL_CHECK)
            d = table(o, &a, out, s->m->name, s->m->cols, s->m->ncols); /* tests make nothing */
        break;
    default:
        everything(o, &a, in);
        d = dataset(out, "file", arena_fmt(&a, "%s/reports/%s/%s.html", o->home, o->plan->p->name, o->day));
    }
    if (d) statistics(d, rows, bytes);
    arena_free(&a);
}

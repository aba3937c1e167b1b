/*
 * A pipeline as its definition says it: read once, checked whole, then read-only.
 *
 * Looked for as ./schemas/NAME/pipeline.json, HOME/schemas/NAME/pipeline.json, then inside the binary. The file is
 * checked against schemas/pipeline.schema.json (which editors use too) and then for what a schema cannot say: files
 * that exist, fields that the record schema knows, references between models. All mistakes are told at once, each with
 * file, line and column.
 *
 * Everything hangs in the pipeline's arena; pipeline_free gives it back. Safe to share between threads.
 */
#ifndef ETL_PIPELINE_PIPELINE_H
#define ETL_PIPELINE_PIPELINE_H

#include "base/day.h"
#include "base/err.h"
#include "base/mem.h"
#include "io/reader.h"
#include "pipeline/alerts.h"
#include "pipeline/page.h"
#include "store/table.h"
#include "json/scan.h"
#include "json/schema.h"

enum stage { STAGE_COLLECT, STAGE_VALIDATE, STAGE_TRANSFORM, STAGE_LOAD, STAGE_MART, STAGE_REPORT, STAGE_COUNT };
const char *stage_name(enum stage s);
int stage_find(const char *name); /* -1 unknown */

/* Conditions: all fields hold one of their values (as JSON strings, or the raw text of other scalars). */
struct pl_when {
    struct {
        const char *field;
        struct strs in;
    } * c;
    size_t n;
};

struct pl_stage {
    int retries;
    int64_t backoff, backoff_max, time_limit; /* seconds; 0 none */
};

enum source_kind { SOURCE_FILES, SOURCE_CLICKSTREAM, SOURCE_DATASET, SOURCE_TRIPS, SOURCE_SEED, SOURCE_HTTP };
struct pl_source {
    enum source_kind kind;
    /* files */
    const char *path;
    enum format format;
    enum encoding enc;
    char delimiter;
    struct strs numbers; /* CSV columns that hold numbers */
    /* seed: a CSV of the definition; trips: its segments */
    const char *file;
    uint32_t trips;
    bool flat;
    /* clickstream */
    uint64_t seed;
    uint32_t users;
    const char *base_url, *products;
    struct strs queries;
    double defects[7];    /* in the order of clickstream.h */
    struct strs from;     /* dataset: "dataset" or "dataset/step" */
    struct pl_http *http; /* pipeline/http.h; NULL for other kinds */
};

enum check_kind {
    CHECK_SCHEMA,
    CHECK_NOT_NULL,
    CHECK_UNIQUE,
    CHECK_RANGE,
    CHECK_SEQUENCE,
    CHECK_TIMESTAMP,
    CHECK_BALANCE,
    CHECK_CONSISTENCY,
    CHECK_ROW_COUNT,
    CHECK_PARSE
};
struct pl_rule {
    struct pl_when when;
    const char *field;       /* range, consistency */
    struct strs fields;      /* not_null */
    bool empty_is_missing;   /* not_null */
    double min, max;         /* range; NAN none */
    bool min_open, max_open; /* above, below instead of min, max */
    struct strs in;          /* range, consistency */
    bool has_absent;
    double absent;
    const char *has, *first; /* sequence: if/needs, first/after */
    struct strs others;
};
struct pl_check {
    enum check_kind kind;
    const char *name, *type;
    double min_pass_rate;
    bool gate, reject;
    struct pl_rule *rules;
    size_t nrules;
    const char *field;                 /* unique, timestamp */
    const char *group, *order, *event; /* sequence; group also consistency */
    const char *constant;              /* consistency: field that must not change in a group */
    int min_year, max_year;
    struct pl_when when; /* balance */
    const char *total, *document, *items;
    struct strs product, minus, plus;
    double tolerance;
    int64_t min_rows, max_rows; /* -1 none */
};

struct op_kind; /* pipeline/op.h */
struct pl_op {
    const struct op_kind *kind;
    const void *args;    /* the kind's own, in the pipeline's arena */
    struct pl_when when; /* records for which it does not hold are left as they are; n 0: all */
    const char *reason;
};
struct pl_step {
    const char *name;
    struct pl_op *ops;
    size_t nops;
    char digest[65];
};

struct pl_dataset {
    const char *name, *title;
    struct pl_source source;
    struct strs needs;      /* environment variables without which there is nothing to collect */
    bool empty_ok, profile; /* profile: runs note what its fields hold */
    bool isolated;          /* its failure does not stop the others */
    const char *schema_file;
    struct schema *schema; /* NULL without */
    struct pl_check *checks;
    size_t nchecks;
    double min_pass_rate;
    struct pl_step *steps;
    size_t nsteps;
    struct table_spec *load; /* NULL without */
    const char *description; /* NULL without */
    const char **notes;      /* descriptions of load's columns, NULL in it without */
    char source_digest[65], checks_digest[65], load_digest[65];
};

enum test_kind { TEST_NOT_NULL, TEST_UNIQUE, TEST_NOT_EMPTY, TEST_ACCEPTED, TEST_NO_ROWS };
struct pl_test {
    enum test_kind kind;
    struct strs columns;
    struct strs values;     /* accepted: SQL literals */
    const char *file, *sql; /* no_rows */
    bool warn;              /* rows found are told, and do not fail the model */
};
/* How old the newest row of a loaded table may be, in days before the day of the run; -1 no limit. */
struct pl_freshness {
    const char *column; /* a date or a timestamp; NULL: freshness is not asked for */
    int64_t warn_days, error_days;
};
/* A unit test of a model: given rows in, expected rows out; both JSON arrays of objects in `text`. */
struct pl_unit {
    const char *name, *file, *day;
    struct jval root; /* {"name", "day", "given": {"table": [...]}, "expect": [...]} */
};
/* seed: the rows of a CSV file. check: not in the definition; the tests and the freshness of one loaded table, as a
 * step of its own before all models; its name is the table's with ".tests" behind it. */
enum model_kind { MODEL_DAILY, MODEL_TABLE, MODEL_VIEW, MODEL_CTE, MODEL_SEED, MODEL_CHECK };
struct pl_model {
    const char *name, *title, *file, *sql, *day;
    const char *description; /* NULL without */
    enum model_kind kind;
    size_t csv_n; /* seed: sql is the CSV text, so many bytes */
    struct pl_freshness fresh;
    struct pl_unit *units;
    size_t nunits;
    struct strs key;
    struct column *cols;
    const char **notes; /* descriptions of the columns, NULL in it without; may be NULL itself */
    size_t ncols;
    struct strs *indexes;
    size_t nindexes;
    struct pl_test *tests;
    size_t ntests;
    bool always;
    struct strs refs;   /* names in {{ ref('x') }}, also of its tests */
    struct strs inputs; /* the same, with what is put in place (cte) replaced by what that refers to */
    size_t order;       /* place in dependency order */
    char digest[65];    /* of what it means, with the cte models in it; words for people do not count */
};

struct pipeline {
    struct arena a;
    const char *name, *title, *language, *zone_name;
    struct zone zone;
    const char *file;    /* where the definition was read: a path, or "built-in commerce/pipeline.json" */
    const char *dir;     /* directory on disk, NULL when built in */
    const char *builtin; /* directory inside the binary, NULL when on disk */
    int schedule_at;     /* minutes after midnight, -1 none */
    int64_t sla, time_limit;
    int64_t retention; /* days of the lake's partitions that are kept; 0 all */
    struct pl_stage stages[STAGE_COUNT], alert_stage;
    struct strs after; /* pipelines whose day must be done first */
    const char *setup, *teardown;
    int64_t hook_limit;
    struct pl_alerts alerts;
    struct pl_watch watch;
    struct pl_dataset *datasets;
    size_t ndatasets;
    struct pl_model *models; /* in dependency order */
    size_t nmodels;
    struct pl_report *report; /* NULL without */
    char digest[65];          /* of the whole definition */
    struct pl_defer *defers;  /* what pipeline_free must give back besides the arena */
};

/* name may be a pipeline's name, or NULL for pipeline.json in the current directory. ERR_USAGE: unknown name (with the
 * nearest); ERR_CONFIG: mistakes, one a line, in e->msg. */
int pipeline_load(struct pipeline **out, const char *name, const char *home, struct err *e);
/* The same from text; dir is where its files lie. */
int pipeline_parse(struct pipeline **out, const char *dir, const char *text, size_t n, struct err *e);
void pipeline_free(struct pipeline *p);
/* Have give_back(what) called by pipeline_free. */
void pipeline_defer(struct pipeline *p, void (*give_back)(void *), void *what);
/* Names of all pipelines that can be found, sorted, in the arena. */
int pipeline_list(const char *home, struct arena *a, char ***names, size_t *n, struct err *e);
/* A file of the definition. Text in the pipeline's arena. */
int pipeline_file(const struct pipeline *p, struct arena *a, const char *file, const char **text, size_t *n,
                  struct err *e);

struct pl_dataset *pipeline_dataset(const struct pipeline *p, const char *name);
struct pl_model *pipeline_model(const struct pipeline *p, const char *name);
/* Fields that checks of datasets without a schema name and that, as far as the definition tells, no record has: likely
 * misspelt, but no mistake for certain. say is called for each; words in the arena. */
void pipeline_doubts(const struct pipeline *p, struct arena *a, void (*say)(void *ctx, const char *words), void *ctx);
/* Names in {{ ref('x') }} of an SQL template, each once, in the arena. */
struct strs sql_refs(struct arena *a, const char *sql);
/* The dataset that loads that table, or NULL. */
struct pl_dataset *pipeline_loader_of(const struct pipeline *p, const char *table);

#endif

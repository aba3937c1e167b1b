/*
 * The daily report of a pipeline: gathered once from warehouse and ledger, shown as text, JSON, CSV, a page, or a mail
 * body. What is shown is data (the report definition); a pipeline without one gets its stages and checks.
 */
#ifndef ETL_REPORT_REPORT_H
#define ETL_REPORT_REPORT_H

#include "pipeline/pipeline.h"
#include "store/ledger.h"

struct report_cell {
    const char *text; /* NULL: no value */
    double num;       /* NAN when no number */
};
#define REPORT_ROWS 10000 /* of a block are held; the others go to its CSV only */
#define REPORT_SOURCES 12
struct report_source {
    const char *name, *at; /* table; when the day's rows were made, UTC, NULL unknown */
};
/* A block of the page with its rows. */
struct report_table {
    const struct pl_query *q;    /* NULL: there is none */
    struct report_cell *cells;   /* nrows * q->ncols */
    size_t nrows, total;         /* total: of the query */
    double *max, *least, *most;  /* per column; max: of absolute values; least and most NAN without numbers */
    const char *problem;         /* why there is nothing, or NULL */
    struct report_cell **before; /* per q->compare the first row of that day, or NULL; NULL without */
    struct report_source *sources;
    size_t nsources;
};
struct report_sample {
    const char *line, *field, *expected, *found;
};
struct report_check {
    const char *name, *type, *dataset;
    int64_t total, failed;
    double rate;
    bool pass;
    struct report_sample *samples;
    size_t nsamples;
};
struct report_stage {
    const char *stage, *dataset, *state, *error, *finished_at;
    int64_t in, out, rejected;
    double seconds;
};
struct report {
    struct arena a;
    const struct pipeline *p;
    char day[16];
    const char *made_at, *gate;        /* gate: "PASS", "FAIL" or NULL */
    const char *now;                   /* UTC */
    const char *run_state, *run_error; /* of the day's last run; NULL: none */
    const struct pipeline **all;       /* of the operator's page: all pipelines; nall 0 elsewhere */
    size_t nall;
    bool full_csv;                        /* cut tables have a CSV beside the page */
    struct report_table figures, *tables; /* figures: the first cards of one row; tables: all blocks, in order */
    size_t ntables;
    struct report_check *checks;
    size_t nchecks;
    struct report_stage *stages;
    size_t nstages;
};

struct mart_scan;
/* wh and l may have nothing for the day; then the parts are empty. made_at: when the day's data was made (ledger), so
 * that the same data gives the same page. scan: columns in memory that queries may use (mart.h), or NULL. */
int report_gather(struct report **out, const struct pipeline *p, day_t day, struct db *wh, struct ledger *l,
                  struct mart_scan *scan, struct err *e);
void report_free(struct report *r);
/* The ledger as schema "ledger" of the warehouse's handle, which only reads until report_detach. */
int report_attach(struct db *wh, const struct ledger *l, struct err *e);
void report_detach(struct db *wh);

enum report_format { REPORT_TEXT, REPORT_JSON, REPORT_CSV, REPORT_HTML, REPORT_EMAIL };
int report_format_find(const char *name); /* -1 */
void report_render(const struct report *r, enum report_format f, struct buf *out);

/* Did the day's last run end without all of it done? Then the figures are not to be trusted as the day's. */
bool report_not_done(const struct report *r);
void report_text(const struct report *r, struct buf *out);
void report_json(const struct report *r, struct buf *out);
void report_csv(const struct report *r, struct buf *out);
/* One block with all its rows to out. l NULL: without the ledger. */
struct sink;
int report_block_csv(const struct report *r, const struct pl_query *q, struct db *wh, const struct ledger *l,
                     struct sink *out, struct err *e);
/* DIR/DAY.BLOCK.csv of every block that has more rows than its page shows; those of others are removed. */
int report_csv_files(const struct report *r, const char *dir, struct db *wh, const struct ledger *l, struct err *e);
void report_html(const struct report *r, struct buf *out);

/* A value as people read it: 1,234,567; ₩1,234; 12.34 %; 2026-01-15. */
void report_value(const struct report_cell *c, enum value_format f, struct buf *out);
/* The same as the column and the pipeline's language and zone have it: units, decimals, "2026-01-15 (목)". */
void report_show(const struct report *r, const struct report_cell *c, const struct pl_shown *col, struct buf *out);
const char *report_label(const struct report *r, const char *key);    /* the definition's word, or its language's */
const char *report_word_in(const char *language, const char *key);    /* the language's (ko, else English) */
const char *report_day_text(const struct report *r, struct arena *a); /* "2026-01-15 (목)" */
const char *report_time_text(const struct report *r, const char *utc, struct arena *a); /* in the pipeline's zone */

/* The operator's page over all pipelines of a home; see operator.c. Definitions that cannot be read are left out. */
struct operator_page;
int operator_gather(struct operator_page **out, const char *home, struct err *e);
const struct report *operator_report(const struct operator_page *o);
void operator_html(const struct operator_page *o, struct buf *out);
void operator_free(struct operator_page *o);

/* reports/index.html and reports/PIPELINE/index.html, made anew. l: the ledger. */
int report_write_indexes(const struct pipeline *p, const char *home, struct ledger *l, struct err *e);
int report_write_index(const struct pipeline *p, const char *home, struct ledger *l, struct err *e);

/* "from the day before"; in the arena or static. */
const char *report_compare_label(const struct report *r, const struct pl_compare *c, struct arena *a);

#endif

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
struct report_table {
    const struct pl_query *q;  /* NULL: not from a query */
    struct report_cell *cells; /* nrows * q->ncols */
    size_t nrows;
    double *max;         /* per column, of bars */
    const char *problem; /* why there is nothing, or NULL */
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
    const char *stage, *dataset, *state, *error;
    int64_t in, out, rejected;
    double seconds;
};
struct report {
    struct arena a;
    const struct pipeline *p;
    char day[16];
    const char *made_at, *gate; /* gate: "PASS", "FAIL" or NULL */
    struct report_table figures, *tables;
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

enum report_format { REPORT_TEXT, REPORT_JSON, REPORT_CSV, REPORT_HTML, REPORT_EMAIL };
int report_format_find(const char *name); /* -1 */
void report_render(const struct report *r, enum report_format f, struct buf *out);

void report_text(const struct report *r, struct buf *out);
void report_json(const struct report *r, struct buf *out);
void report_csv(const struct report *r, struct buf *out);
void report_html(const struct report *r, bool mail, struct buf *out);

/* A value as people read it: 1,234,567; ₩1,234; 12.34 %; 2026-01-15. */
void report_value(const struct report_cell *c, enum value_format f, struct buf *out);
const char *report_label(const struct report *r, const char *key);    /* the definition's word, or English */
const char *report_day_text(const struct report *r, struct arena *a); /* "2026-01-15 (목)" */

#endif

/* The table profile_log; see warehouse.h. */
#include <math.h>

#include "base/day.h"
#include "store/warehouse.h"

struct log_ctx {
    struct db *db;
    const char *pipeline, *dataset, *day;
    const struct profile_row *rows;
    size_t n;
};

static void bind_real(struct stmt *s, int i, double x) {
    if (isfinite(x)) stmt_real(s, i, x);
}

static int write_row(struct stmt *s, const struct log_ctx *c, size_t i, const char *now, struct err *e) {
    const struct profile_row *r = &c->rows[i];
    const char *texts[] = {c->day, c->pipeline, c->dataset};
    for (int k = 0; k < 3; k++) stmt_text(s, k + 1, texts[k]);
    stmt_int(s, 4, (int64_t)i);
    stmt_text(s, 5, r->field);
    stmt_text(s, 6, r->title);
    stmt_text(s, 7, r->types);
    stmt_int(s, 8, (int64_t)r->records);
    stmt_int(s, 9, (int64_t)r->present);
    stmt_int(s, 10, (int64_t)r->nulls);
    stmt_int(s, 11, (int64_t)r->empties);
    stmt_int(s, 12, (int64_t)r->distinct);
    stmt_int(s, 13, r->distinct_exact);
    stmt_text(s, 14, r->least);
    stmt_text(s, 15, r->greatest);
    bind_real(s, 16, r->mean);
    bind_real(s, 17, r->stddev);
    bind_real(s, 18, r->q25);
    bind_real(s, 19, r->median);
    bind_real(s, 20, r->q75);
    stmt_int(s, 21, (int64_t)r->outliers);
    if (r->length_min >= 0) stmt_int(s, 22, r->length_min);
    if (r->length_max >= 0) stmt_int(s, 23, r->length_max);
    stmt_text(s, 24, r->top_value);
    if (r->top_value) stmt_int(s, 25, (int64_t)r->top_count);
    stmt_text(s, 26, r->json);
    stmt_text(s, 27, now);
    return stmt_run(s, e);
}

static int write_rows(void *ctx, struct err *e) {
    struct log_ctx *c = ctx;
    struct stmt s;
    struct stamp_text now = utc_text(now_utc());
    int rc = stmt_prepare(&s, c->db, "DELETE FROM profile_log WHERE pipeline=?1 AND dataset=?2 AND profile_date=?3",
                          "profile_log", e);
    if (rc) return rc;
    stmt_text(&s, 1, c->pipeline);
    stmt_text(&s, 2, c->dataset);
    stmt_text(&s, 3, c->day);
    rc = stmt_run(&s, e);
    stmt_close(&s);
    if (rc) return rc;
    rc = stmt_prepare(
        &s, c->db,
        "INSERT INTO profile_log (profile_date, pipeline, dataset, field_no, field, title, types, records, present,"
        " nulls, empties, distinct_values, distinct_exact, min, max, mean, stddev, q25, median, q75, outliers,"
        " length_min, length_max, top_value, top_count, profile, created_at)"
        " VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?20,?21,?22,?23,?24,?25,?26,?27)",
        "profile_log", e);
    for (size_t i = 0; i < c->n && rc == ERR_OK; i++) rc = write_row(&s, c, i, now.s, e);
    stmt_close(&s);
    return rc;
}

int warehouse_log_profile(struct db *db, const char *pipeline, const char *dataset, const char *day,
                          const struct profile_row *rows, size_t n, struct err *e) {
    struct log_ctx c = {db, pipeline, dataset, day, rows, n};
    return db_transaction(db, write_rows, &c, e);
}

/*
 * Reports as CSV (RFC 4180, UTF-8, CRLF): the whole report in long form, or one block as the table that it is, row by
 * row from the query, however many there are.
 *
 * A text that a spreadsheet would run as a formula (it begins with = + - @, a tab or CR) gets an apostrophe in front
 * (OWASP, "CSV Injection"); numbers are written as they are.
 */
#include <math.h>
#include <unistd.h>

#include "base/log.h"
#include "io/sink.h"
#include "report/gather.h"

static void csv_field(struct buf *b, const char *value, bool text) {
    struct buf clean = {0};
    log_clean(&clean, sv_of(value)); /* what a terminal would obey is shown as what it is */
    const char *s = buf_text(&clean);
    bool risky = text && *value && strchr("=+-@\t\r", *value);
    bool quote = risky || strpbrk(s, ",\"\n\r") != NULL;
    if (!quote) {
        buf_str(b, s);
        buf_free(&clean);
        return;
    }
    buf_chr(b, '"');
    if (risky) buf_chr(b, '\'');
    for (; *s; s++) {
        if (*s == '"') buf_chr(b, '"');
        buf_chr(b, *s);
    }
    buf_chr(b, '"');
    buf_free(&clean);
}

static void csv_block(const struct report_table *x, struct buf *b) {
    for (size_t k = 0; k < x->nrows; k++)
        for (size_t i = 0; i < x->q->ncols; i++) {
            const struct report_cell *c = &x->cells[k * x->q->ncols + i];
            csv_field(b, *x->q->title ? x->q->title : x->q->name, true);
            buf_fmt(b, ",%zu,", k + 1);
            csv_field(b, x->q->cols[i].name, true);
            buf_chr(b, ',');
            csv_field(b, c->text ? c->text : "", isnan(c->num));
            buf_str(b, "\r\n");
        }
}

void report_csv(const struct report *r, struct buf *b) {
    buf_str(b, "section,row,name,value\r\n");
    const struct report_table *f = &r->figures;
    for (size_t i = 0; f->q && f->nrows && i < f->q->ncols; i++) {
        buf_fmt(b, "figures,1,%s,", f->q->cols[i].name);
        csv_field(b, f->cells[i].text ? f->cells[i].text : "", isnan(f->cells[i].num));
        buf_str(b, "\r\n");
    }
    for (size_t i = 0; i < r->nchecks; i++) {
        buf_fmt(b, "checks,%zu,", i + 1);
        csv_field(b, r->checks[i].name, true);
        buf_fmt(b, ",%.2f\r\n", r->checks[i].rate);
    }
    for (size_t t = 0; t < r->ntables; t++)
        if (kind_has_query(r->tables[t].q->kind) && r->tables[t].q != f->q) csv_block(&r->tables[t], b);
}

static void csv_row(struct stmt *s, const int *cols, size_t n, struct buf *b) {
    for (size_t i = 0; i < n; i++) {
        const char *v = stmt_col(s, cols[i]);
        int type = sqlite3_column_type(s->h, cols[i]);
        if (i) buf_chr(b, ',');
        csv_field(b, v ? v : "", type != SQLITE_INTEGER && type != SQLITE_FLOAT);
    }
    buf_str(b, "\r\n");
}

static int write_rows(const struct pl_query *q, struct stmt *s, struct sink *out, struct arena *a, struct err *e) {
    int *cols = arena_alloc(a, (q->ncols + 1) * sizeof *cols);
    struct buf b = {0};
    bool row;
    int rc = query_find_columns(q, s, cols, e);
    for (size_t i = 0; i < q->ncols; i++) {
        if (i) buf_chr(&b, ',');
        csv_field(&b, q->cols[i].label, true);
    }
    buf_str(&b, "\r\n");
    while (rc == ERR_OK && (rc = stmt_step(s, &row, e)) == ERR_OK && row) {
        csv_row(s, cols, q->ncols, &b);
        if (b.n < 65536) continue;
        rc = sink_write(out, buf_text(&b), b.n, e);
        b.n = 0;
    }
    if (rc == ERR_OK) rc = sink_write(out, buf_text(&b), b.n, e);
    buf_free(&b);
    return rc;
}

int report_block_csv(const struct report *r, const struct pl_query *q, struct db *wh, const struct ledger *l,
                     struct sink *out, struct err *e) {
    struct arena a = {0};
    struct buf sql = {0};
    struct stmt s = {0};
    day_t day = 0;
    day_parse(sv_of(r->day), &day);
    int rc = l ? report_attach(wh, l, e) : ERR_OK;
    if (rc == ERR_OK) rc = query_expand(r, q, &sql, e);
    if (rc == ERR_OK) rc = stmt_prepare(&s, wh, buf_text(&sql), q->file, e);
    if (rc == ERR_OK) {
        query_bind(r, q, day, &s);
        rc = write_rows(q, &s, out, &a, e);
    }
    stmt_close(&s);
    if (l) report_detach(wh);
    buf_free(&sql);
    arena_free(&a);
    return rc;
}

int report_csv_files(const struct report *r, const char *dir, struct db *wh, const struct ledger *l, struct err *e) {
    struct arena a = {0};
    int rc = ERR_OK;
    for (size_t i = 0; i < r->ntables && rc == ERR_OK; i++) {
        const struct report_table *t = &r->tables[i];
        if (!kind_has_query(t->q->kind)) continue;
        const char *path = arena_fmt(&a, "%s/%s.%s.csv", dir, r->day, t->q->name);
        struct sink *out = NULL;
        if (t->total <= t->q->rows) {
            unlink(path); /* of a day that had more rows before */
            continue;
        }
        rc = sink_open(&out, path, 0, e);
        if (rc == ERR_OK && (rc = report_block_csv(r, t->q, wh, l, out, e)))
            sink_abort(out);
        else if (rc == ERR_OK)
            rc = sink_commit(out, NULL, e);
    }
    arena_free(&a);
    return rc;
}

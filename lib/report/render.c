/* Reports as text, JSON and CSV; the page is in page.c. */
#include <cjson/cJSON.h>
#include <math.h>

#include "base/log.h"
#include "report/mailbody.h"
#include "report/report.h"

int report_format_find(const char *name) {
    static const char *const names[] = {"text", "json", "csv", "html", "email"};
    for (int i = 0; i < 5; i++)
        if (strcmp(names[i], name) == 0) return i;
    return -1;
}

void report_render(const struct report *r, enum report_format f, struct buf *out) {
    switch (f) {
    case REPORT_JSON:
        report_json(r, out);
        break;
    case REPORT_CSV:
        report_csv(r, out);
        break;
    case REPORT_HTML:
        report_html(r, out);
        break;
    case REPORT_EMAIL:
        report_mail(r, out);
        break;
    default:
        report_text(r, out);
    }
}

/* Columns a text takes on a terminal: East Asian wide characters take two. */
static size_t width(const char *s) {
    size_t w = 0;
    for (const unsigned char *u = (const unsigned char *)s; *u; u++) {
        if ((*u & 0xC0) == 0x80) continue;
        w += *u >= 0xE1 && !(u[0] == 0xE2)
                 ? 2
                 : 1; /* U+1000 and up but not general punctuation: Hangul, CJK, kana, full width */
    }
    return w;
}

static void pad(struct buf *b, const char *s, size_t to, bool right) {
    size_t w = width(s);
    if (!right) buf_str(b, s);
    for (size_t i = w; i < to; i++) buf_chr(b, ' ');
    if (right) buf_str(b, s);
}

/* A table of texts: first row is the head. right[i]: numbers. */
static void text_table(struct buf *b, const char *const *cells, size_t rows, size_t cols, const bool *right) {
    for (size_t r = 0; r < rows; r++) {
        buf_str(b, "  ");
        for (size_t c = 0; c < cols; c++) {
            size_t w = 0;
            for (size_t k = 0; k < rows; k++)
                if (width(cells[k * cols + c]) > w) w = width(cells[k * cols + c]);
            if (c) buf_str(b, "  ");
            pad(b, cells[r * cols + c], c + 1 == cols && !right[c] ? 0 : w, right[c]);
        }
        buf_chr(b, '\n');
    }
}

static const char *value_text(struct arena *a, const struct report_cell *c, enum value_format f) {
    struct buf b = {0};
    report_value(c, f, &b);
    const char *s = arena_strn(a, buf_text(&b), b.n);
    buf_free(&b);
    return s;
}

static const char *shown_text(struct arena *a, const struct report *r, const struct report_cell *c,
                              const struct pl_shown *col) {
    struct buf b = {0};
    report_show(r, c, col, &b);
    const char *s = arena_strn(a, buf_text(&b), b.n);
    buf_free(&b);
    return s;
}

static void text_query(struct buf *b, const struct report *r, const struct report_table *t, struct arena *a) {
    const struct pl_query *q = t->q;
    size_t rows = t->nrows < q->rows ? t->nrows : q->rows, cols = 0;
    if (!kind_has_query(q->kind) || q->kind == BLOCK_HEAT || q == r->figures.q || (q->fold && !t->problem && !t->nrows))
        return;
    if (*q->title) buf_fmt(b, "\n%s\n", q->title);
    if (t->problem || !t->nrows) {
        buf_fmt(b, "  %s%s%s\n", report_label(r, "no_data"), t->problem ? ": " : "", t->problem ? t->problem : "");
        return;
    }
    for (size_t i = 0; i < q->ncols; i++) cols += !q->cols[i].hide;
    const char **cells = arena_alloc(a, (rows + 1) * cols * sizeof *cells);
    bool *right = arena_alloc(a, cols + 1);
    for (size_t i = 0, at = 0; i < q->ncols; i++) {
        if (q->cols[i].hide) continue;
        cells[at] = q->cols[i].label;
        right[at] = format_is_number(q->cols[i].format) || q->cols[i].format == FORMAT_TIME;
        for (size_t k = 0; k < rows; k++)
            cells[(k + 1) * cols + at] = shown_text(a, r, &t->cells[k * q->ncols + i], &q->cols[i]);
        at++;
    }
    text_table(b, cells, rows + 1, cols, right);
    if (t->total > rows) buf_fmt(b, "  ... %zu / %zu\n", rows, t->total);
}

static void text_checks(struct buf *b, const struct report *r, struct arena *a) {
    if (!r->nchecks) return;
    static const char *const keys[] = {"check", "total", "failed", "rate", "status"};
    static const bool right[] = {false, true, true, true, false};
    const char **cells = arena_alloc(a, (r->nchecks + 1) * 5 * sizeof *cells);
    for (int i = 0; i < 5; i++) cells[i] = report_label(r, keys[i]);
    for (size_t k = 0; k < r->nchecks; k++) {
        const struct report_check *c = &r->checks[k];
        const char **row = &cells[(k + 1) * 5];
        row[0] = c->name;
        row[1] = value_text(a, &(struct report_cell){"", (double)c->total}, FORMAT_INTEGER);
        row[2] = value_text(a, &(struct report_cell){"", (double)c->failed}, FORMAT_INTEGER);
        row[3] = value_text(a, &(struct report_cell){"", c->rate}, FORMAT_PERCENT);
        row[4] = report_label(r, c->pass ? "pass" : "fail");
    }
    buf_fmt(b, "\n%s\n", report_label(r, "checks"));
    text_table(b, cells, r->nchecks + 1, 5, right);
    for (size_t k = 0; k < r->nchecks; k++)
        for (size_t i = 0; i < r->checks[k].nsamples; i++) {
            const struct report_sample *s = &r->checks[k].samples[i];
            struct buf line = {0};
            buf_fmt(&line, "%s %s  %s: %s  (%s %s)", report_label(r, "line"), s->line, s->field, s->found,
                    report_label(r, "expected"), s->expected);
            if (i == 0) buf_fmt(b, "\n  %s · %s\n", r->checks[k].name, report_label(r, "samples"));
            buf_str(b, "    ");
            log_clean(b, (struct sv){line.p, line.n});
            buf_chr(b, '\n');
            buf_free(&line);
        }
}

bool report_not_done(const struct report *r) {
    static const char *const bad[] = {"failed", "gate_failed", "stopped", "empty"};
    for (int i = 0; i < 4; i++)
        if (r->run_state && strcmp(r->run_state, bad[i]) == 0) return true;
    return false;
}

/* As the page's banner. */
static void text_not_done(struct buf *b, const struct report *r) {
    if (!report_not_done(r)) {
        if (!r->nstages && !r->nchecks) buf_fmt(b, "\n  %s\n", report_label(r, "nothing"));
        return;
    }
    buf_fmt(b, "\n  %s", report_label(r, "not_done"));
    if (r->run_error) {
        buf_str(b, ": ");
        log_clean(b, sv_of(r->run_error));
    }
    buf_fmt(b, "\n  %s: etl run -p %s %s\n", report_label(r, "go_on"), r->p->name, r->day);
}

void report_text(const struct report *r, struct buf *b) {
    struct arena a = {0};
    buf_fmt(b, "%s\n%s %s", r->p->report ? r->p->report->title : r->p->title, report_label(r, "day"),
            report_day_text(r, &a));
    if (r->gate)
        buf_fmt(b, "   %s %s", report_label(r, "gate"),
                report_label(r, strcmp(r->gate, "PASS") == 0 ? "pass" : "fail"));
    buf_chr(b, '\n');
    text_not_done(b, r);
    const struct report_table *f = &r->figures;
    if (f->q && f->nrows) {
        buf_chr(b, '\n');
        size_t w = 0;
        for (size_t i = 0; i < f->q->ncols; i++)
            if (width(f->q->cols[i].label) > w) w = width(f->q->cols[i].label);
        for (size_t i = 0; i < f->q->ncols; i++) {
            if (f->q->cols[i].hide) continue;
            buf_str(b, "  ");
            pad(b, f->q->cols[i].label, w + 2, false);
            pad(b, shown_text(&a, r, &f->cells[i], &f->q->cols[i]), 14, true);
            buf_chr(b, '\n');
        }
    }
    text_checks(b, r, &a);
    for (size_t i = 0; i < r->ntables; i++) text_query(b, r, &r->tables[i], &a);
    arena_free(&a);
}

static void json_cell(cJSON *o, const char *name, const struct report_cell *c) {
    if (!c->text)
        cJSON_AddNullToObject(o, name);
    else if (!isnan(c->num))
        cJSON_AddRawToObject(o, name, c->text);
    else
        cJSON_AddStringToObject(o, name, c->text);
}

static cJSON *json_rows(const struct report_table *t) {
    cJSON *rows = cJSON_CreateArray();
    for (size_t k = 0; k < t->nrows; k++) {
        cJSON *o = cJSON_CreateObject();
        for (size_t i = 0; i < t->q->ncols; i++) json_cell(o, t->q->cols[i].name, &t->cells[k * t->q->ncols + i]);
        cJSON_AddItemToArray(rows, o);
    }
    return rows;
}

static cJSON *json_check(const struct report_check *c) {
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "dataset", c->dataset);
    cJSON_AddStringToObject(o, "check_name", c->name);
    cJSON_AddStringToObject(o, "check_type", c->type);
    cJSON_AddNumberToObject(o, "total_records", (double)c->total);
    cJSON_AddNumberToObject(o, "failed_records", (double)c->failed);
    cJSON_AddNumberToObject(o, "pass_rate", c->rate);
    cJSON_AddStringToObject(o, "status", c->pass ? "PASS" : "FAIL");
    cJSON *list = cJSON_AddArrayToObject(o, "samples");
    for (size_t i = 0; i < c->nsamples; i++) {
        cJSON *s = cJSON_CreateObject();
        cJSON_AddNumberToObject(s, "line", strtod(c->samples[i].line, NULL));
        cJSON_AddStringToObject(s, "field", c->samples[i].field);
        cJSON_AddStringToObject(s, "expected", c->samples[i].expected);
        cJSON_AddStringToObject(s, "found", c->samples[i].found);
        cJSON_AddItemToArray(list, s);
    }
    return o;
}

static void add_count(cJSON *o, const char *name, int64_t n) {
    if (n >= 0) cJSON_AddNumberToObject(o, name, (double)n);
}

void report_json(const struct report *r, struct buf *b) {
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "pipeline", r->p->name);
    cJSON_AddStringToObject(o, "day", r->day);
    if (r->gate) cJSON_AddStringToObject(o, "gate", r->gate);
    if (report_not_done(r)) {
        cJSON_AddStringToObject(o, "not_done", r->run_state);
        if (r->run_error) cJSON_AddStringToObject(o, "error", r->run_error);
    }
    cJSON_AddStringToObject(o, "made_at", r->made_at);
    if (r->figures.q && r->figures.nrows) {
        cJSON *rows = json_rows(&r->figures);
        cJSON_AddItemToObject(o, "figures", cJSON_DetachItemFromArray(rows, 0));
        cJSON_Delete(rows);
    }
    cJSON *checks = cJSON_AddArrayToObject(o, "checks");
    for (size_t i = 0; i < r->nchecks; i++) cJSON_AddItemToArray(checks, json_check(&r->checks[i]));
    cJSON *stages = cJSON_AddArrayToObject(o, "stages");
    for (size_t i = 0; i < r->nstages; i++) {
        cJSON *s = cJSON_CreateObject();
        cJSON_AddStringToObject(s, "stage", r->stages[i].stage);
        cJSON_AddStringToObject(s, "dataset", r->stages[i].dataset);
        cJSON_AddStringToObject(s, "state", r->stages[i].state);
        add_count(s, "rows_in", r->stages[i].in);
        add_count(s, "rows_out", r->stages[i].out);
        add_count(s, "rows_rejected", r->stages[i].rejected);
        cJSON_AddNumberToObject(s, "seconds", r->stages[i].seconds);
        cJSON_AddItemToArray(stages, s);
    }
    cJSON *tables = cJSON_AddArrayToObject(o, "tables");
    for (size_t i = 0; i < r->ntables; i++) {
        if (!kind_has_query(r->tables[i].q->kind) || r->tables[i].q == r->figures.q) continue;
        cJSON *t = cJSON_CreateObject();
        cJSON_AddStringToObject(t, "name", r->tables[i].q->name);
        cJSON_AddStringToObject(t, "title", r->tables[i].q->title);
        cJSON_AddItemToObject(t, "rows", json_rows(&r->tables[i]));
        cJSON_AddItemToArray(tables, t);
    }
    char *text = cJSON_Print(o);
    json_visible(b, text);
    buf_chr(b, '\n');
    free(text);
    cJSON_Delete(o);
}

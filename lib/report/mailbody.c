/* See mailbody.h. */
#include "report/mailbody.h"

#include <math.h>

#include "base/log.h"

#define FONT "font:14px/1.5 Arial,'Malgun Gothic','Apple SD Gothic Neo',sans-serif"

void mail_escape(struct buf *b, const char *s) {
    struct buf clean = {0};
    if (s) log_clean(&clean, sv_of(s));
    for (size_t i = 0; i < clean.n; i++) {
        if (clean.p[i] == '&')
            buf_str(b, "&amp;");
        else if (clean.p[i] == '<')
            buf_str(b, "&lt;");
        else if (clean.p[i] == '>')
            buf_str(b, "&gt;");
        else if (clean.p[i] == '"')
            buf_str(b, "&quot;");
        else
            buf_chr(b, clean.p[i]);
    }
    buf_free(&clean);
}

void mail_open(struct buf *b, const char *language, const char *title, const char *color) {
    buf_fmt(b,
            "<!doctype html>\n<html lang=\"%s\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
            "content=\"width=device-width\"><title>",
            language);
    mail_escape(b, title);
    buf_fmt(b,
            "</title></head>\n<body style=\"margin:0;padding:0;background:#ffffff\">\n<table role=\"presentation\" "
            "width=\"100%%\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\"><tr><td align=\"center\">\n<table "
            "role=\"presentation\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\" "
            "style=\"width:100%%;max-width:640px\"><tr><td "
            "style=\"padding:12px 16px;background:%s;color:#ffffff;" FONT ";font-size:18px;font-weight:bold\">",
            color);
    mail_escape(b, title);
    buf_str(b, "</td></tr>\n<tr><td style=\"padding:8px 16px 16px 16px\">\n");
}

void mail_close(struct buf *b, const char *foot) {
    if (foot) {
        buf_str(b, "<p style=\"margin:16px 0 0 0;" FONT ";font-size:12px;color:#666666\">");
        mail_escape(b, foot);
        buf_str(b, "</p>\n");
    }
    buf_str(b, "</td></tr></table>\n</td></tr></table>\n</body></html>\n");
}

void mail_heading(struct buf *b, const char *text) {
    buf_str(b, "<h2 style=\"margin:18px 0 6px 0;" FONT ";font-size:16px;font-weight:bold;color:#222222\">");
    mail_escape(b, text);
    buf_str(b, "</h2>\n");
}

void mail_table_open(struct buf *b) {
    buf_str(b,
            "<table cellpadding=\"0\" cellspacing=\"0\" border=\"0\" style=\"border-collapse:collapse;width:100%\">\n");
}
void mail_table_close(struct buf *b) {
    buf_str(b, "</table>\n");
}
void mail_row_open(struct buf *b, bool head) {
    buf_str(b, head ? "<tr style=\"background:#f0f0f0\">" : "<tr>");
}
void mail_row_close(struct buf *b) {
    buf_str(b, "</tr>\n");
}

void mail_cell(struct buf *b, const char *text, bool head, bool right) {
    buf_fmt(b,
            "<%s align=\"%s\" style=\"padding:4px 8px;border-bottom:1px solid #dddddd;vertical-align:top;" FONT
            ";font-size:13px;color:#222222;font-weight:%s;text-align:%s%s\">",
            head ? "th" : "td", right ? "right" : "left", head ? "bold" : "normal", right ? "right" : "left",
            right && !head ? ";white-space:nowrap" : ";overflow-wrap:break-word");
    mail_escape(b, text);
    buf_fmt(b, "</%s>", head ? "th" : "td");
}

static void value(struct buf *b, const struct report_cell *c, enum value_format f, bool right) {
    struct buf text = {0};
    report_value(c, f, &text);
    mail_cell(b, buf_text(&text), false, right);
    buf_free(&text);
}

static void shown(struct buf *b, const struct report *r, const struct report_cell *c, const struct pl_shown *col,
                  bool right) {
    struct buf text = {0};
    report_show(r, c, col, &text);
    mail_cell(b, buf_text(&text), false, right);
    buf_free(&text);
}

/* How much more or less than on the days that it is compared with. */
static void compared(struct buf *b, const struct report *r, const struct report_table *t, size_t i) {
    struct arena a = {0};
    struct buf text = {0};
    for (size_t k = 0; k < t->q->ncompare; k++) {
        const struct report_cell *then = t->before[k] ? &t->before[k][i] : NULL;
        double by = then ? t->cells[i].num - then->num : NAN;
        buf_str(&text, text.n ? ", " : "");
        if (isnan(by)) {
            buf_str(&text, "–");
        } else {
            struct report_cell size = {"", fabs(by)};
            buf_str(&text, by > 0 ? "+" : by < 0 ? "-" : "±");
            report_show(r, &size, &t->q->cols[i], &text);
        }
        buf_fmt(&text, " %s", report_compare_label(r, &t->q->compare[k], &a));
    }
    mail_cell(b, buf_text(&text), false, true);
    buf_free(&text);
    arena_free(&a);
}

static void figures(struct buf *b, const struct report *r, const struct report_table *t) {
    if (!t->q || !t->nrows) return;
    mail_table_open(b);
    for (size_t i = 0; i < t->q->ncols; i++) {
        if (t->q->cols[i].hide) continue;
        mail_row_open(b, false);
        mail_cell(b, t->q->cols[i].label, true, false);
        shown(b, r, &t->cells[i], &t->q->cols[i], true);
        if (t->before) compared(b, r, t, i);
        mail_row_close(b);
    }
    mail_table_close(b);
}

static void count(struct buf *b, double n, enum value_format f) {
    value(b, &(struct report_cell){"", n}, f, true);
}

static void checks(struct buf *b, const struct report *r) {
    static const char *const heads[] = {"check", "total", "failed", "rate", "status"};
    if (!r->nchecks) return;
    mail_heading(b, report_label(r, "checks"));
    mail_table_open(b);
    mail_row_open(b, true);
    for (int i = 0; i < 5; i++) mail_cell(b, report_label(r, heads[i]), true, i > 0 && i < 4);
    mail_row_close(b);
    for (size_t k = 0; k < r->nchecks; k++) {
        const struct report_check *c = &r->checks[k];
        mail_row_open(b, false);
        mail_cell(b, c->name, false, false);
        count(b, (double)c->total, FORMAT_INTEGER);
        count(b, (double)c->failed, FORMAT_INTEGER);
        count(b, c->rate, FORMAT_PERCENT);
        mail_cell(b, report_label(r, c->pass ? "pass" : "fail"), !c->pass, false);
        mail_row_close(b);
    }
    mail_table_close(b);
}

static void samples(struct buf *b, const struct report *r) {
    static const char *const heads[] = {"line", "field", "found", "expected"};
    for (size_t k = 0; k < r->nchecks; k++) {
        const struct report_check *c = &r->checks[k];
        if (c->pass || !c->nsamples) continue;
        struct buf title = {0};
        buf_fmt(&title, "%s · %s", c->name, report_label(r, "samples"));
        mail_heading(b, buf_text(&title));
        buf_free(&title);
        mail_table_open(b);
        mail_row_open(b, true);
        for (int i = 0; i < 4; i++) mail_cell(b, report_label(r, heads[i]), true, i == 0);
        mail_row_close(b);
        for (size_t i = 0; i < c->nsamples; i++) {
            mail_row_open(b, false);
            mail_cell(b, c->samples[i].line, false, true);
            mail_cell(b, c->samples[i].field, false, false);
            mail_cell(b, c->samples[i].found, false, false);
            mail_cell(b, c->samples[i].expected, false, false);
            mail_row_close(b);
        }
        mail_table_close(b);
    }
}

static void table(struct buf *b, const struct report *r, const struct report_table *t) {
    const struct pl_query *q = t->q;
    /* what only a page can draw is left to it, with what the reader has to open there */
    if (!kind_has_query(q->kind) || q->kind == BLOCK_HEAT || q->kind == BLOCK_MAP || q == r->figures.q) return;
    if (!q->mail || (q->fold && !t->problem && !t->nrows)) return;
    mail_heading(b, q->title);
    if (t->problem || !t->nrows) {
        buf_str(b, MAIL_P);
        mail_escape(b, report_label(r, "no_data"));
        buf_str(b, t->problem ? ": " : "");
        mail_escape(b, t->problem);
        buf_str(b, "</p>\n");
        return;
    }
    mail_table_open(b);
    mail_row_open(b, true);
    for (size_t i = 0; i < q->ncols; i++)
        if (!q->cols[i].hide) mail_cell(b, q->cols[i].label, true, format_is_number(q->cols[i].format));
    mail_row_close(b);
    for (size_t k = 0; k < t->nrows && k < q->mail; k++) {
        mail_row_open(b, false);
        for (size_t i = 0; i < q->ncols; i++)
            if (!q->cols[i].hide)
                shown(b, r, &t->cells[k * q->ncols + i], &q->cols[i], format_is_number(q->cols[i].format));
        mail_row_close(b);
    }
    mail_table_close(b);
    if (t->nrows > q->mail) buf_fmt(b, MAIL_P "… +%zu</p>\n", t->total - q->mail);
}

static void gate(struct buf *b, const struct report *r, bool fail) {
    buf_str(b, MAIL_P);
    mail_escape(b, report_label(r, "gate"));
    buf_str(b, ": <b>");
    mail_escape(b, report_label(r, fail ? "fail" : "pass"));
    buf_str(b, "</b></p>\n");
}

void report_mail(const struct report *r, struct buf *b) {
    struct arena a = {0};
    bool fail = r->gate && strcmp(r->gate, "FAIL") == 0;
    const char *title = r->p->report ? r->p->report->title : r->p->title;
    mail_open(b, r->p->language, arena_fmt(&a, "%s · %s", title, report_day_text(r, &a)), fail ? "#b3261e" : "#1f4e79");
    if (r->gate) gate(b, r, fail);
    figures(b, r, &r->figures);
    checks(b, r);
    samples(b, r);
    for (size_t i = 0; i < r->ntables; i++) table(b, r, &r->tables[i]);
    mail_close(b, arena_fmt(&a, "%s %s · etl %s", report_label(r, "made"), r->made_at, ETL_VERSION));
    arena_free(&a);
}

/* See html.h. */
#include "report/html.h"

#include <math.h>

#include "base/embed.h"
#include "base/hash.h"
#include "base/log.h"

void html_text(struct buf *b, const char *s) {
    struct buf clean = {0};
    log_clean(&clean, sv_of(s ? s : ""));
    for (size_t i = 0; i < clean.n; i++) {
        switch (clean.p[i]) {
        case '&':
            buf_str(b, "&amp;");
            break;
        case '<':
            buf_str(b, "&lt;");
            break;
        case '>':
            buf_str(b, "&gt;");
            break;
        case '"':
            buf_str(b, "&quot;");
            break;
        case '\'':
            buf_str(b, "&#39;");
            break;
        default:
            buf_chr(b, clean.p[i]);
        }
    }
    buf_free(&clean);
}

void html_element(struct buf *b, const char *tag, const char *text) {
    buf_fmt(b, "<%s>", tag);
    html_text(b, text);
    buf_fmt(b, "</%.*s>", (int)strcspn(tag, " "), tag);
}

void html_head_cell(struct buf *b, const char *label, bool number) {
    buf_fmt(b, "<th scope=col%s>", number ? " class=n" : "");
    html_text(b, label);
    buf_str(b, "</th>");
}

void html_shown(struct buf *b, const struct report *r, const struct report_cell *c, const struct pl_shown *col) {
    struct buf v = {0};
    report_show(r, c, col, &v);
    html_text(b, buf_text(&v));
    buf_free(&v);
}

const struct report_cell *table_cell(const struct report_table *t, size_t row, enum block_role role) {
    return t->q->role[role] < 0 ? NULL : &t->cells[row * t->q->ncols + (size_t)t->q->role[role]];
}

const struct pl_shown *table_column(const struct report_table *t, enum block_role role) {
    return &t->q->cols[t->q->role[role]];
}

void html_picks(struct buf *b, const struct report *r, const struct report_table *t, size_t row) {
    const struct pl_report *d = r->p->report;
    for (size_t k = 0; d && k < d->nchoosers; k++) {
        int i = query_column(t->q, d->choosers[k].column);
        if (i < 0) continue;
        buf_fmt(b, " data-k%zu=\"", k);
        html_text(b, t->cells[row * t->q->ncols + (size_t)i].text);
        buf_chr(b, '"');
    }
}

void html_source(struct buf *b, const struct report *r, const struct report_table *t) {
    struct arena a = {0};
    if (!t->nsources) return;
    buf_str(b, "<p class=src>");
    html_text(b, report_label(r, "source"));
    buf_str(b, ": ");
    for (size_t i = 0; i < t->nsources; i++) {
        if (i) buf_str(b, ", ");
        html_text(b, t->sources[i].name);
        if (!t->sources[i].at) continue;
        buf_str(b, " (");
        html_text(b, report_time_text(r, t->sources[i].at, &a));
        buf_chr(b, ')');
    }
    buf_str(b, "</p>");
    arena_free(&a);
}

bool html_is_address(const char *s) {
    if (!s || !*s) return false;
    if (strncmp(s, "http://", 7) == 0 || strncmp(s, "https://", 8) == 0) return true;
    return s[strcspn(s, ":/?#")] != ':' && strncmp(s, "//", 2) != 0;
}

static void cell(struct buf *b, const struct report *r, const struct report_table *t, size_t row, size_t i) {
    const struct pl_shown *col = &t->q->cols[i];
    const struct report_cell *c = &t->cells[row * t->q->ncols + i];
    bool bar = col->bar && !isnan(c->num) && t->max[i] > 0;
    int to = col->link ? query_column(t->q, col->link) : -1;
    const char *href = to < 0 ? NULL : t->cells[row * t->q->ncols + (size_t)to].text;
    struct buf v = {0};
    report_show(r, c, col, &v);
    buf_str(b, "<td");
    if (format_is_number(col->format) && !col->wrap) {
        bool news = col->format == FORMAT_CHANGE && col->good && c->num * col->good != 0 && !isnan(c->num);
        buf_fmt(b, " class=\"n%s%s\"", bar ? " b" : "", !news ? "" : c->num * col->good > 0 ? " good" : " bad");
    }
    if (col->wrap) buf_str(b, " class=w");
    if (c->text && strcmp(c->text, buf_text(&v)) != 0) {
        buf_str(b, " data-v=\"");
        html_text(b, c->text);
        buf_chr(b, '"');
    }
    if (col->hide) buf_str(b, " hidden");
    buf_chr(b, '>');
    if (bar) buf_fmt(b, "<i style=\"width:%.1f%%\"></i><span>", fabs(c->num) / t->max[i] * 92);
    if (html_is_address(href)) {
        buf_str(b, "<a href=\"");
        html_text(b, href);
        buf_str(b, "\">");
    }
    if (col->format == FORMAT_STATE && c->text) {
        buf_str(b, "<span class=\"state s-");
        html_text(b, c->text);
        buf_str(b, "\">");
    }
    html_text(b, buf_text(&v));
    if (col->format == FORMAT_STATE && c->text) buf_str(b, "</span>");
    if (html_is_address(href)) buf_str(b, "</a>");
    buf_str(b, bar ? "</span></td>" : "</td>");
    buf_free(&v);
}

static bool is_true(const struct report_table *t, size_t row, enum block_role role) {
    int i = t->q->role[role];
    if (i < 0) return false;
    const struct report_cell *c = &t->cells[row * t->q->ncols + (size_t)i];
    return c->text && (isnan(c->num) ? *c->text != 0 : c->num != 0);
}

void html_table(struct buf *b, const struct report *r, const struct report_table *t) {
    const struct pl_query *q = t->q;
    size_t rows = t->nrows < q->rows ? t->nrows : q->rows;
    buf_fmt(b, "<div class=wrap tabindex=0 role=region aria-label%s%s\"><table data-name=\"%s\"><thead><tr>",
            *q->title ? "ledby=\"h-" : "=\"", q->name, q->name);
    for (size_t i = 0; i < q->ncols; i++) {
        buf_fmt(b, "<th scope=col data-c=\"");
        html_text(b, q->cols[i].name);
        buf_fmt(b, "\"%s%s>", format_is_number(q->cols[i].format) ? " class=n" : "", q->cols[i].hide ? " hidden" : "");
        html_text(b, q->cols[i].label);
        buf_str(b, "</th>");
    }
    buf_str(b, "</tr></thead><tbody>\n");
    for (size_t k = 0; k < rows; k++) {
        buf_str(b, is_true(t, k, ROLE_HIGHLIGHT) ? "<tr class=hi" : "<tr");
        html_picks(b, r, t, k);
        buf_chr(b, '>');
        for (size_t i = 0; i < q->ncols; i++) cell(b, r, t, k, i);
        buf_str(b, "</tr>\n");
    }
    buf_str(b, "</tbody></table></div>");
    if (t->total <= rows) return;
    buf_fmt(b, "<p class=cut>%zu / %zu ", rows, t->total);
    html_text(b, report_label(r, "rows"));
    buf_str(b, ". ");
    html_text(b, report_label(r, "full"));
    if (r->full_csv)
        buf_fmt(b, " <a href=\"%s.%s.csv\" download>%s.%s.csv</a></p>", r->day, q->name, r->day, q->name);
    else
        buf_fmt(b, " <code>etl report -p %s -d %s --format csv --block %s</code></p>", r->p->name, r->day, q->name);
}

/* ---- the frame ---- */

static unsigned hex_digit(char c) {
    return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* 'sha256-...' of the text between <script> and </script>, in base64 (RFC 4648). */
static void script_hash(struct buf *b, const char *const *parts, size_t n) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    struct sha256 h;
    char hex[65];
    sha256_start(&h);
    for (size_t i = 0; i < n; i++) sha256_add(&h, parts[i], strlen(parts[i]));
    sha256_hex(&h, hex);
    buf_str(b, "'sha256-");
    for (int i = 0; i < 64; i += 6) { /* six hexadecimal digits are four of base64; 64 leaves four of them */
        unsigned v = 0;
        for (int k = 0; k < 6; k++) v = v << 4 | (i + k < 64 ? hex_digit(hex[i + k]) : 0);
        for (int k = 18; k >= 0; k -= 6) buf_chr(b, i == 60 && k == 0 ? '=' : digits[v >> k & 63]);
    }
    buf_chr(b, '\'');
}

static const char *script_part(const char *name) {
    const struct embedded *f = embed_find(name);
    return f ? f->text : "";
}

void html_begin(struct buf *b, const struct html_frame *f) {
    const char *parts[] = {f->charts ? script_part("page/uPlot.js") : "", script_part("page/page.js")};
    buf_fmt(b, "<!doctype html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n", f->language);
    buf_str(b, "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
               "img-src data:; base-uri 'none'; form-action 'none'");
    if (f->script) {
        buf_str(b, "; script-src ");
        script_hash(b, parts, 2);
    }
    buf_str(b, "\">\n<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<meta "
               "name=\"color-scheme\" content=\"light dark\">\n<title>");
    html_text(b, f->title);
    buf_str(b, "</title>\n<style>\n");
    buf_str(b, script_part("page/page.css"));
    if (f->charts) buf_str(b, script_part("page/uPlot.css"));
    buf_str(b, "</style>\n</head>\n<body>\n<main>\n");
}

void html_end(struct buf *b, const struct html_frame *f) {
    buf_str(b, "</main>\n");
    if (f->script) {
        buf_str(b, "<script>");
        if (f->charts) buf_str(b, script_part("page/uPlot.js"));
        buf_str(b, script_part("page/page.js"));
        buf_str(b, "</script>\n");
    }
    buf_str(b, "</body>\n</html>\n");
}

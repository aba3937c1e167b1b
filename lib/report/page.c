/*
 * The daily page: one HTML file with everything inside, which works from a file, offline, on a phone, in the dark and
 * in print. All text comes from the report definition; values are escaped. The mail body is the same without links.
 */
#include <math.h>

#include "base/embed.h"
#include "base/log.h"
#include "report/report.h"

static void html(struct buf *b, const char *s) {
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

static void tagged(struct buf *b, const char *tag, const char *text) {
    buf_fmt(b, "<%s>", tag);
    html(b, text);
    buf_fmt(b, "</%s>", strcmp(tag, "th scope=col") == 0 ? "th" : tag);
}

static void value(struct buf *b, const struct report_cell *c, enum value_format f) {
    struct buf v = {0};
    report_value(c, f, &v);
    html(b, buf_text(&v));
    buf_free(&v);
}

static bool is_number(enum value_format f) {
    return f != FORMAT_TEXT && f != FORMAT_DATE && f != FORMAT_TIME;
}

static void cards(struct buf *b, const struct report *r) {
    const struct report_table *f = &r->figures;
    if (!f->q || !f->nrows) return;
    buf_str(b, "<ul class=cards>");
    for (size_t i = 0; i < f->q->ncols; i++) {
        buf_str(b, "<li><span>");
        html(b, f->q->cols[i].label);
        buf_str(b, "</span><strong>");
        value(b, &f->cells[i], f->q->cols[i].format);
        buf_str(b, "</strong></li>");
    }
    buf_str(b, "</ul>\n");
}

static void head_cell(struct buf *b, const char *label, bool number) {
    buf_fmt(b, "<th scope=col%s>", number ? " class=n" : "");
    html(b, label);
    buf_str(b, "</th>");
}

static void body_cell(struct buf *b, const struct report_table *t, size_t row, size_t i) {
    const struct report_cell *c = &t->cells[row * t->q->ncols + i];
    enum value_format f = t->q->cols[i].format;
    bool bar = t->q->cols[i].bar && !isnan(c->num) && t->max[i] > 0;
    buf_fmt(b, "<td class=\"%s%s\">", is_number(f) ? "n" : "", bar ? " b" : "");
    if (bar) buf_fmt(b, "<i style=\"width:%.1f%%\"></i><span>", fabs(c->num) / t->max[i] * 92);
    value(b, c, f);
    buf_str(b, bar ? "</span></td>" : "</td>");
}

static void query(struct buf *b, const struct report *r, const struct report_table *t) {
    bool fold = t->q->fold;
    if (fold && !t->problem && !t->nrows) return;
    buf_str(b, fold ? "<details><summary>" : "<section>");
    tagged(b, "h2", t->q->title);
    if (fold) buf_str(b, "</summary>");
    const char *end = fold ? "</p></details>\n" : "</p></section>\n";
    if (t->problem || !t->nrows) {
        buf_str(b, "<p class=src>");
        html(b, report_label(r, "no_data"));
        if (t->problem) {
            buf_str(b, ": ");
            html(b, t->problem);
        }
        buf_str(b, end);
        return;
    }
    buf_str(b, "<div class=wrap><table><thead><tr>");
    for (size_t i = 0; i < t->q->ncols; i++) head_cell(b, t->q->cols[i].label, is_number(t->q->cols[i].format));
    buf_str(b, "</tr></thead><tbody>");
    for (size_t k = 0; k < t->nrows; k++) {
        buf_str(b, "<tr>");
        for (size_t i = 0; i < t->q->ncols; i++) body_cell(b, t, k, i);
        buf_str(b, "</tr>\n");
    }
    buf_str(b, "</tbody></table></div><p class=src>");
    html(b, report_label(r, "source"));
    buf_str(b, ": ");
    html(b, t->q->file);
    buf_str(b, end);
}

static void tag(struct buf *b, const struct report *r, bool pass) {
    buf_fmt(b, "<span class=\"tag %s\">", pass ? "pass" : "fail");
    html(b, report_label(r, pass ? "pass" : "fail"));
    buf_str(b, "</span>");
}

static void count(struct buf *b, int64_t n) {
    buf_str(b, "<td class=n>");
    if (n >= 0)
        value(b, &(struct report_cell){"", (double)n}, FORMAT_INTEGER);
    else
        buf_str(b, "–");
    buf_str(b, "</td>");
}

static void samples(struct buf *b, const struct report *r) {
    for (size_t k = 0; k < r->nchecks; k++) {
        const struct report_check *c = &r->checks[k];
        if (!c->nsamples) continue;
        buf_fmt(b, "<details%s><summary>", c->pass ? "" : " open");
        html(b, c->name);
        buf_str(b, " · ");
        html(b, report_label(r, "samples"));
        buf_str(b, "</summary><div class=wrap><table><thead><tr>");
        head_cell(b, report_label(r, "line"), true);
        head_cell(b, report_label(r, "field"), false);
        head_cell(b, report_label(r, "found"), false);
        head_cell(b, report_label(r, "expected"), false);
        buf_str(b, "</tr></thead><tbody>");
        for (size_t i = 0; i < c->nsamples; i++) {
            buf_str(b, "<tr><td class=n>");
            html(b, c->samples[i].line);
            buf_str(b, "</td>");
            tagged(b, "td", c->samples[i].field);
            tagged(b, "td", c->samples[i].found);
            tagged(b, "td", c->samples[i].expected);
            buf_str(b, "</tr>");
        }
        buf_str(b, "</tbody></table></div></details>\n");
    }
}

static void checks(struct buf *b, const struct report *r) {
    if (!r->nchecks) return;
    buf_str(b, "<section>");
    tagged(b, "h2", report_label(r, "checks"));
    buf_str(b, "<div class=wrap><table><thead><tr>");
    head_cell(b, report_label(r, "check"), false);
    head_cell(b, report_label(r, "total"), true);
    head_cell(b, report_label(r, "failed"), true);
    head_cell(b, report_label(r, "rate"), true);
    head_cell(b, report_label(r, "status"), false);
    buf_str(b, "</tr></thead><tbody>");
    for (size_t i = 0; i < r->nchecks; i++) {
        const struct report_check *c = &r->checks[i];
        buf_str(b, "<tr>");
        tagged(b, "td", c->name);
        count(b, c->total);
        count(b, c->failed);
        buf_str(b, "<td class=n>");
        value(b, &(struct report_cell){"", c->rate}, FORMAT_PERCENT);
        buf_str(b, "</td><td>");
        tag(b, r, c->pass);
        buf_str(b, "</td></tr>\n");
    }
    buf_str(b, "</tbody></table></div><p class=src>");
    html(b, report_label(r, "source"));
    buf_str(b, ": quality_check_log</p>");
    samples(b, r);
    buf_str(b, "</section>\n");
}

static void stages(struct buf *b, const struct report *r) {
    if (!r->nstages) return;
    buf_str(b, "<section>");
    tagged(b, "h2", report_label(r, "stages"));
    buf_str(b, "<div class=wrap><table><thead><tr>");
    head_cell(b, report_label(r, "stage"), false);
    head_cell(b, report_label(r, "dataset"), false);
    head_cell(b, report_label(r, "rows_in"), true);
    head_cell(b, report_label(r, "rows_out"), true);
    head_cell(b, report_label(r, "rejected"), true);
    head_cell(b, report_label(r, "seconds"), true);
    buf_str(b, "</tr></thead><tbody>");
    for (size_t i = 0; i < r->nstages; i++) {
        const struct report_stage *s = &r->stages[i];
        buf_str(b, "<tr>");
        tagged(b, "td", s->stage);
        tagged(b, "td", s->dataset);
        count(b, s->in);
        count(b, s->out);
        count(b, s->rejected);
        buf_fmt(b, "<td class=n>%.2f</td></tr>\n", s->seconds);
    }
    buf_str(b, "</tbody></table></div></section>\n");
}

static void links(struct buf *b, const struct report *r) {
    day_t d;
    if (!day_parse(sv_of(r->day), &d)) return;
    buf_fmt(b, "<nav><a href=\"%s.html\">← ", day_text(d - 1).s);
    html(b, report_label(r, "previous"));
    buf_str(b, "</a><a href=\"index.html\">");
    html(b, report_label(r, "days"));
    buf_fmt(b, "</a><a href=\"%s.html\">", day_text(d + 1).s);
    html(b, report_label(r, "next"));
    buf_str(b, " →</a></nav>");
}

void report_html(const struct report *r, bool mail, struct buf *b) {
    struct arena a = {0};
    const char *title = r->p->report ? r->p->report->title : r->p->title;
    buf_fmt(b,
            "<!doctype html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
            "content=\"width=device-width,initial-scale=1\">\n<title>",
            r->p->language);
    html(b, title);
    buf_fmt(b, " · %s</title>\n<style>\n", r->day);
    buf_str(b, embed_find("page/page.css")->text);
    buf_str(b, "</style>\n</head>\n<body>\n<main>\n<header>");
    tagged(b, "h1", title);
    buf_str(b, "<p>");
    html(b, report_label(r, "day"));
    buf_chr(b, ' ');
    html(b, report_day_text(r, &a));
    if (r->gate) {
        bool pass = strcmp(r->gate, "PASS") == 0;
        buf_fmt(b, "<span class=\"gate %s\">", pass ? "pass" : "fail");
        html(b, report_label(r, "gate"));
        buf_chr(b, ' ');
        html(b, report_label(r, pass ? "pass" : "fail"));
        buf_str(b, "</span>");
    }
    buf_str(b, "</p>");
    if (!mail) links(b, r);
    buf_str(b, "</header>\n");
    cards(b, r);
    checks(b, r);
    for (size_t i = 0; i < r->ntables; i++) query(b, r, &r->tables[i]);
    stages(b, r);
    buf_str(b, "<footer>");
    html(b, report_label(r, "made"));
    buf_chr(b, ' ');
    html(b, r->made_at);
    buf_fmt(b, " · etl %s</footer>\n</main>\n</body>\n</html>\n", ETL_VERSION);
    arena_free(&a);
}

/*
 * The blocks of a page. All of them stand in the HTML as text, tables and SVG; the script adds charts (drawn from the
 * table under them), sorting, filters and choosers.
 */
#include <math.h>

#include "report/html.h"

/* ---- cards ---- */

static void change(struct buf *b, const struct report *r, double x, const char *words, int good, bool points) {
    const char *way = x > 0 ? "up" : x < 0 ? "down" : "same";
    struct pl_shown col = {.format = points ? FORMAT_NUMBER : FORMAT_INTEGER, .decimals = points ? 2 : 1};
    buf_fmt(b, "<small class=\"%s\">", !good || x == 0 ? "flat" : x * good > 0 ? "good" : "bad");
    buf_str(b, x > 0 ? "<b aria-hidden=true>▲</b> " : x < 0 ? "<b aria-hidden=true>▼</b> " : "");
    struct report_cell c = {"", fabs(x)};
    html_shown(b, r, &c, &col);
    buf_chr(b, ' ');
    html_text(b, points ? report_label(r, "point") : "%");
    buf_str(b, "<span class=sr> ");
    html_text(b, report_label(r, way));
    buf_str(b, "</span> ");
    if (words) html_text(b, words);
    buf_str(b, "</small>");
}

const char *report_compare_label(const struct report *r, const struct pl_compare *c, struct arena *a) {
    if (c->label) return c->label;
    if (c->days == 1) return report_label(r, "day_before");
    if (c->days == 7) return report_label(r, "week_before");
    const char *word = report_label(r, "days_before"), *hole = strstr(word, "%d");
    if (!hole) return word;
    return arena_fmt(a, "%.*s%d%s", (int)(hole - word), word, c->days, hole + 2);
}

static void compared(struct buf *b, const struct report *r, const struct report_table *t, size_t i) {
    struct arena a = {0};
    double now = t->cells[i].num;
    for (size_t k = 0; t->before && k < t->q->ncompare; k++) {
        double then = t->before[k] ? t->before[k][i].num : NAN;
        bool points = t->q->cols[i].format == FORMAT_PERCENT;
        const char *words = report_compare_label(r, &t->q->compare[k], &a);
        if (isnan(now) || isnan(then) || (!points && then == 0)) {
            buf_str(b, "<small class=flat>– ");
            html_text(b, words);
            buf_str(b, "</small>");
        } else {
            change(b, r, points ? now - then : (now - then) / fabs(then) * 100, words, t->q->cols[i].good, points);
        }
    }
    arena_free(&a);
}

static void cards_of_columns(struct buf *b, const struct report *r, const struct report_table *t) {
    for (size_t i = 0; i < t->q->ncols; i++) {
        if (t->q->cols[i].hide) continue;
        buf_str(b, "<li><span>");
        html_text(b, t->q->cols[i].label);
        buf_str(b, "</span><strong>");
        html_shown(b, r, &t->cells[i], &t->q->cols[i]);
        buf_str(b, "</strong>");
        if (format_is_number(t->q->cols[i].format)) compared(b, r, t, i);
        buf_str(b, "</li>");
    }
}

static bool has_role(const struct pl_query *q, size_t i) {
    for (int k = 0; k < ROLES; k++)
        if (q->role[k] == (int)i) return true;
    return false;
}

static void card_of_row(struct buf *b, const struct report *r, const struct report_table *t, size_t row) {
    const struct report_cell *c = table_cell(t, row, ROLE_HIGHLIGHT);
    buf_str(b, c && c->text && c->num != 0 ? "<li class=hi" : "<li");
    html_picks(b, r, t, row);
    buf_str(b, "><span>");
    if ((c = table_cell(t, row, ROLE_LABEL))) html_shown(b, r, c, table_column(t, ROLE_LABEL));
    buf_str(b, "</span><strong>");
    html_shown(b, r, table_cell(t, row, ROLE_VALUE), table_column(t, ROLE_VALUE));
    buf_str(b, "</strong>");
    c = table_cell(t, row, ROLE_CHANGE);
    if (c && !isnan(c->num)) change(b, r, c->num, NULL, table_column(t, ROLE_CHANGE)->good, false);
    for (size_t i = 0; i < t->q->ncols; i++) {
        if (t->q->cols[i].hide || has_role(t->q, i)) continue;
        buf_str(b, "<small>");
        html_text(b, t->q->cols[i].label);
        buf_chr(b, ' ');
        html_shown(b, r, &t->cells[row * t->q->ncols + i], &t->q->cols[i]);
        buf_str(b, "</small>");
    }
    if ((c = table_cell(t, row, ROLE_NOTE)) && c->text) {
        buf_str(b, "<small>");
        html_shown(b, r, c, table_column(t, ROLE_NOTE));
        buf_str(b, "</small>");
    }
    buf_str(b, "</li>");
}

static void cards(struct buf *b, const struct report *r, const struct report_table *t) {
    buf_str(b, "<ul class=cards>");
    if (t->q->role[ROLE_VALUE] < 0)
        cards_of_columns(b, r, t);
    else
        for (size_t k = 0; k < t->nrows && k < t->q->rows; k++) card_of_row(b, r, t, k);
    buf_str(b, "</ul>\n");
}

/* ---- charts ---- */

static const char *const chart_names[] = {[BLOCK_LINE] = "line", [BLOCK_BAR] = "bar", [BLOCK_STACKED] = "stacked"};

static void data_table(struct buf *b, const struct report *r, const struct report_table *t) {
    buf_str(b, "<details class=data open><summary>");
    html_text(b, report_label(r, "show_data"));
    buf_str(b, "</summary>");
    html_table(b, r, t);
    buf_str(b, "</details>");
}

static void chart(struct buf *b, const struct report *r, const struct report_table *t) {
    static const char *const as[FORMATS] = {
        [FORMAT_PERCENT] = "percent", [FORMAT_KRW] = "krw", [FORMAT_SECONDS] = "seconds", [FORMAT_BYTES] = "bytes"};
    const struct pl_query *q = t->q;
    enum value_format f = q->nseries ? q->cols[q->series[0]].format : FORMAT_NUMBER;
    buf_fmt(b, "<div class=chart data-type=%s data-x=%d data-by=%d data-f=\"%s\" data-xf=\"%s\" data-series=\"",
            chart_names[q->kind], q->role[ROLE_X], q->role[ROLE_BY], as[f] ? as[f] : "",
            q->cols[q->role[ROLE_X]].format == FORMAT_DATE ? "date" : "");
    for (size_t i = 0; i < q->nseries; i++) buf_fmt(b, "%s%d", i ? " " : "", q->series[i]);
    buf_fmt(b, "\" data-h=\"h-%s\"></div>", q->name);
    data_table(b, r, t);
}

/* ---- funnel ---- */

static void funnel_row(struct buf *b, const struct report *r, const struct report_table *t, size_t row) {
    const struct pl_query *q = t->q;
    const struct report_cell *cells = &t->cells[row * q->ncols];
    double first = q->nseries ? cells[q->series[0]].num : NAN, before = first;
    buf_str(b, "<div class=funnel");
    html_picks(b, r, t, row);
    buf_str(b, "><h3>");
    html_shown(b, r, table_cell(t, row, ROLE_X), table_column(t, ROLE_X));
    buf_str(b, "</h3><ol>");
    for (size_t i = 0; i < q->nseries; i++) {
        double n = cells[q->series[i]].num;
        double w = first > 0 && n > 0 ? n / first * 100 : 0;
        buf_fmt(b, "<li><i style=\"width:%.1f%%\"></i><span>", w > 100 ? 100 : w);
        html_text(b, q->cols[q->series[i]].label);
        buf_str(b, "</span><b>");
        html_shown(b, r, &cells[q->series[i]], &q->cols[q->series[i]]);
        buf_str(b, "</b>");
        if (i && before > 0 && !isnan(n)) buf_fmt(b, "<em>%.1f %%</em>", n / before * 100);
        buf_str(b, "</li>");
        before = n;
    }
    buf_str(b, "</ol></div>");
}

static void funnel(struct buf *b, const struct report *r, const struct report_table *t) {
    buf_str(b, "<div class=funnels>");
    for (size_t k = 0; k < t->nrows && k < t->q->rows; k++) funnel_row(b, r, t, k);
    buf_str(b, "</div>");
    data_table(b, r, t);
}

/* ---- a block with its frame ---- */

static bool body(struct buf *b, const struct report *r, const struct report_table *t) {
    switch (t->q->kind) {
    case BLOCK_CARDS:
        cards(b, r, t);
        return true;
    case BLOCK_FUNNEL:
        funnel(b, r, t);
        return true;
    case BLOCK_HEAT:
        block_heat(b, r, t);
        return true;
    case BLOCK_MAP:
        block_map(b, r, t);
        data_table(b, r, t);
        return true;
    case BLOCK_LINE:
    case BLOCK_BAR:
    case BLOCK_STACKED:
        chart(b, r, t);
        return true;
    default:
        html_table(b, r, t);
        return true;
    }
}

static void no_rows(struct buf *b, const struct report *r, const struct report_table *t) {
    buf_str(b, "<p class=none>");
    html_text(b, report_label(r, "no_data"));
    if (t->problem) {
        buf_str(b, ": ");
        html_text(b, t->problem);
    }
    buf_str(b, "</p>");
}

static void without_query(struct buf *b, const struct report *r, const struct pl_query *q) {
    switch (q->kind) {
    case BLOCK_CHECKS:
        block_checks(b, r);
        break;
    case BLOCK_STAGES:
        block_stages(b, r);
        break;
    case BLOCK_LINEAGE:
        for (size_t i = 0; i < r->nall; i++) block_lineage(b, r->all[i], true);
        if (!r->nall) block_lineage(b, r->p, false);
        break;
    default:
        html_element(b, "p class=text", q->text);
    }
}

static const char *title_of(const struct report *r, const struct pl_query *q) {
    if (*q->title) return q->title;
    if (q->kind == BLOCK_CHECKS) return report_label(r, "checks");
    if (q->kind == BLOCK_STAGES) return report_label(r, "stages");
    if (q->kind == BLOCK_LINEAGE) return report_label(r, "lineage");
    return "";
}

static bool is_left_out(const struct report *r, const struct report_table *t) {
    if (t->q->kind == BLOCK_CHECKS) return !r->nchecks;
    if (t->q->kind == BLOCK_STAGES) return !r->nstages;
    return t->q->fold && kind_has_query(t->q->kind) && !t->problem && !t->nrows;
}

void block_html(struct buf *b, const struct report *r, const struct report_table *t) {
    const struct pl_query *q = t->q;
    const char *title = title_of(r, q);
    if (is_left_out(r, t)) return;
    buf_fmt(b, "<%s class=\"block%s\" id=\"b-%s\"", q->fold ? "details" : "section", q->half ? " half" : "", q->name);
    if (*title) buf_fmt(b, " aria-labelledby=\"h-%s\"", q->name);
    buf_str(b, q->fold ? "><summary>" : ">");
    if (*title) {
        buf_fmt(b, "<h2 id=\"h-%s\">", q->name);
        html_text(b, title);
        buf_str(b, "</h2>");
    }
    if (q->fold) buf_str(b, "</summary>");
    if (q->note) html_element(b, "p class=note", q->note);
    if (!kind_has_query(q->kind))
        without_query(b, r, q);
    else if (t->problem || !t->nrows)
        no_rows(b, r, t);
    else
        body(b, r, t);
    html_source(b, r, t);
    buf_fmt(b, "</%s>\n", q->fold ? "details" : "section");
}

/*
 * The blocks of a page. All of them stand in the HTML as text, tables and SVG; the script adds charts (drawn from the
 * table under them), sorting, filters and choosers.
 */
#include <math.h>

#include "report/html.h"

static const struct report_cell *cell_of(const struct report_table *t, size_t row, enum block_role role) {
    return t->q->role[role] < 0 ? NULL : &t->cells[row * t->q->ncols + (size_t)t->q->role[role]];
}

static const struct pl_shown *col_of(const struct report_table *t, enum block_role role) {
    return &t->q->cols[t->q->role[role]];
}

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

static const char *compare_label(const struct report *r, const struct pl_compare *c, struct arena *a) {
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
        const char *words = compare_label(r, &t->q->compare[k], &a);
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
    const struct report_cell *c = cell_of(t, row, ROLE_HIGHLIGHT);
    buf_str(b, c && c->text && c->num != 0 ? "<li class=hi" : "<li");
    html_picks(b, r, t, row);
    buf_str(b, "><span>");
    if ((c = cell_of(t, row, ROLE_LABEL))) html_shown(b, r, c, col_of(t, ROLE_LABEL));
    buf_str(b, "</span><strong>");
    html_shown(b, r, cell_of(t, row, ROLE_VALUE), col_of(t, ROLE_VALUE));
    buf_str(b, "</strong>");
    c = cell_of(t, row, ROLE_CHANGE);
    if (c && !isnan(c->num)) change(b, r, c->num, NULL, col_of(t, ROLE_CHANGE)->good, false);
    for (size_t i = 0; i < t->q->ncols; i++) {
        if (t->q->cols[i].hide || has_role(t->q, i)) continue;
        buf_str(b, "<small>");
        html_text(b, t->q->cols[i].label);
        buf_chr(b, ' ');
        html_shown(b, r, &t->cells[row * t->q->ncols + i], &t->q->cols[i]);
        buf_str(b, "</small>");
    }
    if ((c = cell_of(t, row, ROLE_NOTE)) && c->text) {
        buf_str(b, "<small>");
        html_shown(b, r, c, col_of(t, ROLE_NOTE));
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
    html_shown(b, r, cell_of(t, row, ROLE_X), col_of(t, ROLE_X));
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

/* ---- heat ---- */

/* Distinct texts of a column in the order in which they come. */
static size_t distinct(const struct report_table *t, size_t col, const char **out, size_t max) {
    size_t n = 0;
    for (size_t k = 0; k < t->nrows; k++) {
        const char *s = t->cells[k * t->q->ncols + col].text;
        size_t i = 0;
        if (!s) continue;
        while (i < n && strcmp(out[i], s) != 0) i++;
        if (i == n && n < max) out[n++] = s;
    }
    return n;
}

/* The chooser whose column splits this heat into several, or -1. */
static int split_by(const struct report *r, const struct report_table *t) {
    const struct pl_report *d = r->p->report;
    for (size_t k = 0; d && k < d->nchoosers; k++) {
        int i = query_column(t->q, d->choosers[k].column);
        if (i >= 0 && i != t->q->role[ROLE_X] && i != t->q->role[ROLE_Y]) return i;
    }
    return -1;
}

#define HEAT_MAX 400 /* rows or columns */
struct heat {
    const struct report *r;
    const struct report_table *t;
    const char *xs[HEAT_MAX], *ys[HEAT_MAX];
    size_t nx, ny, *at; /* at: row of the table + 1 */
    int split;
};

static size_t place(const char *const *list, size_t n, const char *s) {
    size_t i = 0;
    while (i < n && (!s || strcmp(list[i], s) != 0)) i++;
    return i;
}

/* A state in the width of a day; the word is there for those who listen, and in the legend. */
static const struct {
    const char *state, *mark;
} marks[] = {{"done", "✓"},    {"failed", "✕"},  {"gate_failed", "⊘"}, {"late", "✓"},    {"gap", "?"},
             {"running", "…"}, {"stopped", "■"}, {"empty", "∅"},       {"partial", "◐"}, {"waiting", "·"}};

static void state_mark(struct buf *b, const struct report *r, const char *state) {
    struct pl_shown col = {.format = FORMAT_STATE};
    struct report_cell c = {state, NAN};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (strcmp(marks[i].state, state) == 0) {
            buf_fmt(b, "<span aria-hidden=true>%s</span><span class=sr>", marks[i].mark);
            html_shown(b, r, &c, &col);
            buf_str(b, "</span>");
            return;
        }
    html_shown(b, r, &c, &col);
}

static void state_legend(struct buf *b, const struct report *r, const struct report_table *t) {
    if (col_of(t, ROLE_VALUE)->format != FORMAT_STATE) return;
    const char *found[sizeof marks / sizeof *marks];
    size_t n = distinct(t, (size_t)t->q->role[ROLE_VALUE], found, sizeof marks / sizeof *marks);
    struct pl_shown col = {.format = FORMAT_STATE};
    buf_str(b, "<p class=legend aria-hidden=true>");
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        for (size_t k = 0; k < n; k++) {
            if (strcmp(found[k], marks[i].state) != 0) continue;
            buf_fmt(b, "<span class=key><span class=\"state s-%s\">%s</span> ", marks[i].state, marks[i].mark);
            html_shown(b, r, &(struct report_cell){found[k], NAN}, &col);
            buf_str(b, "</span>");
        }
    buf_str(b, "</p>");
}

static void heat_cell(struct buf *b, const struct heat *h, size_t row) {
    const struct report_table *t = h->t;
    const struct report_cell *c = cell_of(t, row, ROLE_VALUE);
    const struct pl_shown *col = col_of(t, ROLE_VALUE);
    size_t i = (size_t)t->q->role[ROLE_VALUE];
    double span = t->most[i] - t->least[i];
    int to = col->link ? query_column(t->q, col->link) : -1;
    const char *href = to < 0 ? NULL : t->cells[row * t->q->ncols + (size_t)to].text;
    if (!html_is_address(href)) href = NULL;
    if (!c->text) {
        buf_str(b, "<td></td>");
        return;
    }
    if (col->format == FORMAT_STATE) {
        buf_str(b, "<td class=\"state s-");
        html_text(b, c->text);
    } else {
        buf_str(b, "<td class=\"n");
    }
    buf_str(b, "\" title=\"");
    html_text(b, cell_of(t, row, ROLE_Y)->text);
    buf_str(b, " · ");
    html_text(b, cell_of(t, row, ROLE_X)->text);
    const struct report_cell *note = cell_of(t, row, ROLE_NOTE);
    if (note && note->text) {
        buf_str(b, " · ");
        html_text(b, note->text);
    }
    buf_chr(b, '"');
    if (!isnan(c->num)) buf_fmt(b, " style=\"--v:%.3f\"", span > 0 ? (c->num - t->least[i]) / span : 0.5);
    buf_chr(b, '>');
    if (href) {
        buf_str(b, "<a href=\"");
        html_text(b, href);
        buf_str(b, "\">");
    }
    if (col->format == FORMAT_STATE)
        state_mark(b, h->r, c->text);
    else
        html_shown(b, h->r, c, col);
    buf_str(b, href ? "</a></td>" : "</td>");
}

static void heat_grid(struct buf *b, struct heat *h, const char *only) {
    const struct report_table *t = h->t;
    size_t x = (size_t)t->q->role[ROLE_X], y = (size_t)t->q->role[ROLE_Y], first = t->nrows;
    memset(h->at, 0, (h->nx + 1) * (h->ny + 1) * sizeof *h->at);
    for (size_t k = 0; k < t->nrows; k++) {
        const struct report_cell *c = &t->cells[k * t->q->ncols];
        if (only && (!c[h->split].text || strcmp(c[h->split].text, only) != 0)) continue;
        size_t i = place(h->xs, h->nx, c[x].text), j = place(h->ys, h->ny, c[y].text);
        if (i < h->nx && j < h->ny) h->at[j * h->nx + i] = k + 1;
        if (first == t->nrows) first = k;
    }
    buf_str(b, "<div class=\"wrap grid\" tabindex=0");
    if (only && first < t->nrows) html_picks(b, h->r, t, first);
    buf_fmt(b, "><table class=heat aria-labelledby=\"h-%s\">", t->q->name);
    if (only) html_element(b, "caption", only);
    buf_str(b, "<thead><tr><td></td>");
    for (size_t i = 0; i < h->nx; i++) {
        struct report_cell c = {h->xs[i], NAN};
        const struct pl_shown *col = &t->q->cols[x];
        buf_str(b, "<th scope=col>");
        if (col->format == FORMAT_DATE && strlen(c.text) == 10) { /* days; the month where it begins */
            bool begins = !i || strcmp(c.text + 8, "01") == 0;
            buf_fmt(
                b, begins ? "<span class=sr>%.5s</span><small>%.2s.</small>%.2s" : "<span class=sr>%.5s%.3s</span>%.2s",
                c.text, c.text + 5, c.text + 8);
        } else
            html_shown(b, h->r, &c, col);
        buf_str(b, "</th>");
    }
    buf_str(b, "</tr></thead><tbody>\n");
    for (size_t j = 0; j < h->ny; j++) {
        bool any = false;
        for (size_t i = 0; i < h->nx; i++) any = any || h->at[j * h->nx + i];
        if (!any) continue;
        buf_str(b, "<tr>");
        struct report_cell c = {h->ys[j], NAN};
        buf_str(b, "<th scope=row>");
        html_shown(b, h->r, &c, &t->q->cols[y]);
        buf_str(b, "</th>");
        for (size_t i = 0; i < h->nx; i++) {
            if (h->at[j * h->nx + i])
                heat_cell(b, h, h->at[j * h->nx + i] - 1);
            else
                buf_str(b, "<td></td>");
        }
        buf_str(b, "</tr>\n");
    }
    buf_str(b, "</tbody></table></div>");
}

static void heat(struct buf *b, const struct report *r, const struct report_table *t) {
    struct heat *h = mem_alloc(sizeof *h);
    const char *parts[64];
    h->r = r;
    h->t = t;
    h->nx = distinct(t, (size_t)t->q->role[ROLE_X], h->xs, HEAT_MAX);
    h->ny = distinct(t, (size_t)t->q->role[ROLE_Y], h->ys, HEAT_MAX);
    h->at = mem_alloc((h->nx + 1) * (h->ny + 1) * sizeof *h->at);
    h->split = split_by(r, t);
    size_t n = h->split < 0 ? 0 : distinct(t, (size_t)h->split, parts, 64);
    if (!n) heat_grid(b, h, NULL);
    for (size_t i = 0; i < n; i++) heat_grid(b, h, parts[i]);
    state_legend(b, r, t);
    free(h->at);
    free(h);
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
        heat(b, r, t);
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

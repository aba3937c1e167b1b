/*
 * Heat grids: x by y, coloured by a value or marked by a state (days by stage). A chooser's column makes one grid for
 * each of its values. What is missing is an empty cell.
 */
#include <math.h>

#include "report/html.h"

static bool is_of(const struct report_table *t, size_t row, int split, const char *only) {
    if (!only) return true;
    const char *s = t->cells[row * t->q->ncols + (size_t)split].text;
    return s && strcmp(s, only) == 0;
}

/* Distinct texts of a column in the order in which they come, in the rows whose column `split` says `only` (NULL: all).
 */
static size_t distinct(const struct report_table *t, size_t col, int split, const char *only, const char **out,
                       size_t max) {
    size_t n = 0;
    for (size_t k = 0; k < t->nrows; k++) {
        const char *s = t->cells[k * t->q->ncols + col].text;
        size_t i = 0;
        if (!s || !is_of(t, k, split, only)) continue;
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
    if (table_column(t, ROLE_VALUE)->format != FORMAT_STATE) return;
    const char *found[sizeof marks / sizeof *marks];
    size_t n = distinct(t, (size_t)t->q->role[ROLE_VALUE], -1, NULL, found, sizeof marks / sizeof *marks);
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
    const struct report_cell *c = table_cell(t, row, ROLE_VALUE);
    const struct pl_shown *col = table_column(t, ROLE_VALUE);
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
    html_text(b, table_cell(t, row, ROLE_Y)->text);
    buf_str(b, " · ");
    html_text(b, table_cell(t, row, ROLE_X)->text);
    const struct report_cell *note = table_cell(t, row, ROLE_NOTE);
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
    h->ny = distinct(t, y, h->split, only, h->ys, HEAT_MAX); /* no more than all have, for which there is room */
    for (size_t k = 0; k < t->nrows; k++) {
        const struct report_cell *c = &t->cells[k * t->q->ncols];
        if (!is_of(t, k, h->split, only)) continue;
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

void block_heat(struct buf *b, const struct report *r, const struct report_table *t) {
    struct heat *h = mem_alloc(sizeof *h);
    const char *parts[64];
    h->r = r;
    h->t = t;
    h->nx = distinct(t, (size_t)t->q->role[ROLE_X], -1, NULL, h->xs, HEAT_MAX);
    h->ny = distinct(t, (size_t)t->q->role[ROLE_Y], -1, NULL, h->ys, HEAT_MAX);
    h->at = mem_alloc((h->nx + 1) * (h->ny + 1) * sizeof *h->at);
    h->split = split_by(r, t);
    size_t n = h->split < 0 ? 0 : distinct(t, (size_t)h->split, -1, NULL, parts, 64);
    if (!n) heat_grid(b, h, NULL);
    for (size_t i = 0; i < n; i++) heat_grid(b, h, parts[i]);
    state_legend(b, r, t);
    free(h->at);
    free(h);
}

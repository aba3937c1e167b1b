/*
 * The daily page: one HTML file with everything inside, which works from a file, offline, on a phone, in the dark and
 * in print, also without scripts. All text comes from the report definition; values are escaped.
 */
#include "report/html.h"

/* The day before has its page, as a rule; the day after will have one, so its link leads to the calendar. */
static void links(struct buf *b, const struct report *r) {
    day_t d;
    if (!day_parse(sv_of(r->day), &d)) return;
    buf_fmt(b, "<nav class=days><a href=\"%s.html\">← ", day_text(d - 1).s);
    html_text(b, report_label(r, "previous"));
    buf_fmt(b, "</a><a href=\"index.html#d%s\">", r->day);
    html_text(b, report_label(r, "days"));
    buf_fmt(b, "</a><a href=\"index.html#d%s\">", day_text(d + 1).s);
    html_text(b, report_label(r, "next"));
    buf_str(b, " →</a></nav>");
}

static void banner(struct buf *b, const struct report *r) {
    if (!report_not_done(r)) {
        if (!r->nstages && !r->nchecks) html_element(b, "p class=banner role=status", report_label(r, "nothing"));
        return;
    }
    buf_str(b, "<div class=\"banner bad\" role=alert><p><b>");
    html_text(b, report_label(r, "not_done"));
    buf_str(b, "</b></p>");
    if (r->run_error) html_element(b, "p", r->run_error);
    buf_str(b, "<p>");
    html_text(b, report_label(r, "go_on"));
    buf_fmt(b, ": <code>etl run -p %s %s</code></p></div>", r->p->name, r->day);
}

static void header(struct buf *b, const struct report *r, const char *title) {
    struct arena a = {0};
    buf_str(b, "<header>");
    html_element(b, "h1", title);
    buf_str(b, "<p>");
    html_text(b, report_label(r, "day"));
    buf_str(b, " <b>");
    html_text(b, report_day_text(r, &a));
    buf_str(b, "</b>");
    if (r->gate) {
        bool pass = strcmp(r->gate, "PASS") == 0;
        buf_fmt(b, " <span class=\"gate %s\">", pass ? "pass" : "fail");
        html_text(b, report_label(r, "gate"));
        buf_chr(b, ' ');
        html_text(b, report_label(r, pass ? "pass" : "fail"));
        buf_str(b, "</span>");
    }
    buf_str(b, "</p>");
    links(b, r);
    buf_str(b, "</header>\n");
    banner(b, r);
    arena_free(&a);
}

/* Words that the script needs, as attributes of an element that is not shown. */
void page_words(struct buf *b, const struct report *r) {
    static const char *const keys[] = {"all", "filter", "rows", "csv", "zoom_in", "zoom_out", "whole", "no_data"};
    buf_str(b, "<div id=words hidden");
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        buf_str(b, " data-");
        for (const char *k = keys[i]; *k; k++) buf_chr(b, *k == '_' ? '-' : *k);
        buf_str(b, "=\"");
        html_text(b, report_label(r, keys[i]));
        buf_chr(b, '"');
    }
    buf_fmt(b, " data-name=\"%s-%s\"></div>\n", r->p->name, r->day);
}

void page_choosers(struct buf *b, const struct report *r) {
    const struct pl_report *d = r->p->report;
    if (!d || !d->nchoosers) return;
    buf_str(b, "<div class=choose hidden>");
    for (size_t k = 0; k < d->nchoosers; k++) {
        buf_str(b, "<label>");
        html_text(b, d->choosers[k].label);
        buf_fmt(b, " <select data-k=%zu", k);
        if (d->choosers[k].start) {
            buf_str(b, " data-start=\"");
            html_text(b, d->choosers[k].start);
            buf_chr(b, '"');
        }
        buf_str(b, "></select></label>");
    }
    buf_str(b, "</div>\n");
}

void page_tab(struct buf *b, const struct report *r, const struct pl_tab *t, size_t no, bool several) {
    if (several) {
        buf_fmt(b, "<section class=tab id=tab-%zu data-title=\"", no + 1);
        html_text(b, t->title);
        buf_str(b, "\"><h2 class=tabname>");
        html_text(b, t->title);
        buf_str(b, "</h2>");
    }
    buf_str(b, "<div class=blocks>\n");
    for (size_t i = 0; i < t->count; i++) block_html(b, r, &r->tables[t->first + i]);
    buf_str(b, several ? "</div></section>\n" : "</div>\n");
}

/* A pipeline without a report definition: its checks and stages. */
static void plain(struct buf *b, const struct report *r) {
    static const struct pl_query q[] = {{.kind = BLOCK_CHECKS, .name = "checks", .title = "", .text = ""},
                                        {.kind = BLOCK_STAGES, .name = "stages", .title = "", .text = ""}};
    buf_str(b, "<div class=blocks>\n");
    for (size_t i = 0; i < 2; i++) block_html(b, r, &(struct report_table){.q = &q[i]});
    buf_str(b, "</div>\n");
}

bool page_has_charts(const struct report *r) {
    for (size_t i = 0; i < r->ntables; i++)
        if (r->tables[i].q->kind >= BLOCK_LINE && r->tables[i].q->kind <= BLOCK_STACKED && r->tables[i].nrows)
            return true;
    return false;
}

void report_html(const struct report *r, struct buf *b) {
    const struct pl_report *d = r->p->report;
    struct arena a = {0};
    const char *title = d ? d->title : r->p->title;
    struct html_frame f = {.language = r->p->language,
                           .title = arena_fmt(&a, "%s · %s", title, r->day),
                           .script = true,
                           .charts = page_has_charts(r)};
    html_begin(b, &f);
    header(b, r, title);
    page_words(b, r);
    page_choosers(b, r);
    for (size_t i = 0; d && i < d->ntabs; i++) page_tab(b, r, &d->tabs[i], i, d->ntabs > 1);
    if (!d) plain(b, r);
    buf_str(b, "<footer>");
    html_text(b, report_label(r, "made"));
    buf_chr(b, ' ');
    html_text(b, report_time_text(r, r->made_at, &a));
    buf_fmt(b, " · etl %s</footer>\n", ETL_VERSION);
    html_end(b, &f);
    arena_free(&a);
}

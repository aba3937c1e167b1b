/* The blocks that have no query: the day's checks with their samples, and what its run did. */
#include "report/html.h"

static void tag(struct buf *b, const struct report *r, bool pass) {
    buf_fmt(b, "<span class=\"tag %s\">", pass ? "pass" : "fail");
    html_text(b, report_label(r, pass ? "pass" : "fail"));
    buf_str(b, "</span>");
}

static const struct pl_shown whole = {.format = FORMAT_INTEGER, .decimals = -1},
                             percent = {.format = FORMAT_PERCENT, .decimals = -1};

static void count(struct buf *b, const struct report *r, int64_t n) {
    buf_str(b, "<td class=n>");
    if (n >= 0)
        html_shown(b, r, &(struct report_cell){"", (double)n}, &whole);
    else
        buf_str(b, "–");
    buf_str(b, "</td>");
}

static void samples(struct buf *b, const struct report *r) {
    for (size_t k = 0; k < r->nchecks; k++) {
        const struct report_check *c = &r->checks[k];
        if (!c->nsamples) continue;
        buf_fmt(b, "<details%s><summary>", c->pass ? "" : " open");
        html_text(b, c->name);
        buf_str(b, " · ");
        html_text(b, report_label(r, "samples"));
        buf_str(b, "</summary><div class=wrap><table><thead><tr>");
        html_head_cell(b, report_label(r, "line"), true);
        html_head_cell(b, report_label(r, "field"), false);
        html_head_cell(b, report_label(r, "found"), false);
        html_head_cell(b, report_label(r, "expected"), false);
        buf_str(b, "</tr></thead><tbody>");
        for (size_t i = 0; i < c->nsamples; i++) {
            buf_str(b, "<tr><td class=n>");
            html_text(b, c->samples[i].line);
            buf_str(b, "</td>");
            html_element(b, "td", c->samples[i].field);
            html_element(b, "td", c->samples[i].found);
            html_element(b, "td", c->samples[i].expected);
            buf_str(b, "</tr>");
        }
        buf_str(b, "</tbody></table></div></details>\n");
    }
}

void block_checks(struct buf *b, const struct report *r) {
    buf_str(b, "<div class=wrap><table><thead><tr>");
    html_head_cell(b, report_label(r, "check"), false);
    html_head_cell(b, report_label(r, "total"), true);
    html_head_cell(b, report_label(r, "failed"), true);
    html_head_cell(b, report_label(r, "rate"), true);
    html_head_cell(b, report_label(r, "status"), false);
    buf_str(b, "</tr></thead><tbody>");
    for (size_t i = 0; i < r->nchecks; i++) {
        const struct report_check *c = &r->checks[i];
        buf_str(b, "<tr>");
        html_element(b, "td", c->name);
        count(b, r, c->total);
        count(b, r, c->failed);
        buf_str(b, "<td class=n>");
        html_shown(b, r, &(struct report_cell){"", c->rate}, &percent);
        buf_str(b, "</td><td>");
        tag(b, r, c->pass);
        buf_str(b, "</td></tr>\n");
    }
    buf_str(b, "</tbody></table></div><p class=src>");
    html_text(b, report_label(r, "source"));
    buf_str(b, ": quality_check_log</p>");
    samples(b, r);
}

void block_stages(struct buf *b, const struct report *r) {
    buf_str(b, "<div class=wrap><table><thead><tr>");
    html_head_cell(b, report_label(r, "stage"), false);
    html_head_cell(b, report_label(r, "dataset"), false);
    html_head_cell(b, report_label(r, "rows_in"), true);
    html_head_cell(b, report_label(r, "rows_out"), true);
    html_head_cell(b, report_label(r, "rejected"), true);
    html_head_cell(b, report_label(r, "seconds"), true);
    buf_str(b, "</tr></thead><tbody>");
    for (size_t i = 0; i < r->nstages; i++) {
        const struct report_stage *s = &r->stages[i];
        buf_str(b, "<tr>");
        html_element(b, "td", s->stage);
        html_element(b, "td", s->dataset);
        count(b, r, s->in);
        count(b, r, s->out);
        count(b, r, s->rejected);
        buf_fmt(b, "<td class=n>%.2f</td></tr>\n", s->seconds);
    }
    buf_str(b, "</tbody></table></div><p class=src>");
    html_text(b, report_label(r, "source"));
    buf_str(b, ": ledger.tasks</p>");
}

/* An alert as plain text and as the HTML of a mail: tables with inline styles and nothing else, since mail programs
 * show those and throw away style sheets, scripts and what comes from elsewhere. */
#include "report/alert_impl.h"
#include "report/mailbody.h"

static const char *const colors[ALERT_KINDS] = {"#b3261e", "#b3541e", "#1e7d32", "#1e7d32",
                                                "#8a6d00", "#1e7d32", "#1f4e79"};

struct fact {
    const char *name, *key;
};
static const struct fact facts[] = {{"Pipeline", "pipeline"}, {"Day", "day"},           {"Stage", "stage"},
                                    {"Dataset", "dataset"},   {"Gate", "gate"},         {"Run", "run_id"},
                                    {"Error", "error"},       {"Before", "was"},        {"Log", "log"},
                                    {"Machine", "host"},      {"Go on with", "command"}};
#define FACTS (sizeof facts / sizeof *facts)

static double num(const cJSON *o, const char *name) {
    return cJSON_GetNumberValue(cJSON_GetObjectItem(o, name));
}

static void strings(struct buf *b, const cJSON *list, const char *before, bool html, const char *after) {
    const cJSON *m;
    cJSON_ArrayForEach(m, list) {
        if (!cJSON_IsString(m)) continue;
        buf_str(b, before);
        if (html)
            mail_escape(b, m->valuestring);
        else
            buf_str(b, m->valuestring);
        buf_str(b, after);
    }
}

static void requests(struct buf *b, const cJSON *doc, bool html) {
    struct arena a = {0};
    const cJSON *r;
    cJSON_ArrayForEach(r, cJSON_GetObjectItem(doc, "requests")) {
        buf_str(b, html ? MAIL_P : "");
        if (html)
            mail_escape(b, doc_requests(&a, r));
        else
            buf_str(b, doc_requests(&a, r));
        buf_str(b, html ? "</p>\n" : "\n");
    }
    arena_free(&a);
}

static void check_line(struct buf *b, const cJSON *c) {
    const cJSON *least = cJSON_GetObjectItem(c, "min_pass_rate");
    buf_fmt(b, "%.2f %%", num(c, "pass_rate"));
    if (cJSON_IsNumber(least)) buf_fmt(b, " (%g %% needed)", least->valuedouble);
    buf_fmt(b, ", %.0f of %.0f failed", num(c, "failed"), num(c, "total"));
}

void face_text(const cJSON *doc, struct buf *b) {
    const cJSON *c, *s;
    if (doc_str(doc, "headline")) buf_fmt(b, "%s\n\n", doc_str(doc, "headline"));
    for (size_t i = 0; i < FACTS; i++)
        if (doc_str(doc, facts[i].key)) buf_fmt(b, "%-11s %s\n", facts[i].name, doc_str(doc, facts[i].key));
    if (cJSON_GetObjectItem(doc, "attempts")) buf_fmt(b, "%-11s %.0f\n", "Attempts", num(doc, "attempts"));
    strings(b, cJSON_GetObjectItem(doc, "missed"), "SLA missed  ", false, "\n");
    requests(b, doc, false);
    cJSON_ArrayForEach(c, cJSON_GetObjectItem(doc, "checks")) {
        buf_fmt(b, "\n%s: ", doc_str(c, "name") ? doc_str(c, "name") : "");
        check_line(b, c);
        buf_chr(b, '\n');
        cJSON_ArrayForEach(s, cJSON_GetObjectItem(c, "samples"))
            buf_fmt(b, "  line %.0f %s: %s\n", num(s, "line"), doc_str(s, "field") ? doc_str(s, "field") : "",
                    doc_str(s, "found") ? doc_str(s, "found") : "");
    }
    cJSON_ArrayForEach(c, cJSON_GetObjectItem(doc, "retried")) buf_fmt(
        b, "\n%s %s: %.0f attempts; %s\n", doc_str(c, "stage"), doc_str(c, "dataset") ? doc_str(c, "dataset") : "",
        num(c, "attempts"), doc_str(c, "error") ? doc_str(c, "error") : "");
    if (cJSON_GetArraySize(cJSON_GetObjectItem(doc, "steps"))) buf_chr(b, '\n');
    cJSON_ArrayForEach(s, cJSON_GetObjectItem(doc, "steps")) {
        buf_fmt(b, "%-10s %-24s %-12s", doc_str(s, "stage"), doc_str(s, "dataset") ? doc_str(s, "dataset") : "",
                doc_str(s, "state"));
        if (cJSON_GetObjectItem(s, "rows_out")) buf_fmt(b, " %12.0f rows", num(s, "rows_out"));
        if (num(s, "rows_rejected") > 0) buf_fmt(b, ", %.0f rejected", num(s, "rows_rejected"));
        buf_chr(b, '\n');
    }
    strings(b, cJSON_GetObjectItem(doc, "more"), "", false, "\n");
    if (doc_str(doc, "text")) buf_fmt(b, "\n%s\n", doc_str(doc, "text"));
}

static void html_checks(struct buf *b, const cJSON *doc) {
    const cJSON *c, *s;
    cJSON_ArrayForEach(c, cJSON_GetObjectItem(doc, "checks")) {
        mail_heading(b, doc_str(c, "name") ? doc_str(c, "name") : "");
        buf_str(b, MAIL_P);
        check_line(b, c);
        buf_str(b, "</p>\n");
        mail_table_open(b);
        mail_row_open(b, true);
        mail_cell(b, "Line", true, true);
        mail_cell(b, "Field", true, false);
        mail_cell(b, "Found", true, false);
        mail_cell(b, "Expected", true, false);
        mail_row_close(b);
        cJSON_ArrayForEach(s, cJSON_GetObjectItem(c, "samples")) {
            char line[24];
            snprintf(line, sizeof line, "%.0f", num(s, "line"));
            mail_row_open(b, false);
            mail_cell(b, line, false, true);
            mail_cell(b, doc_str(s, "field"), false, false);
            mail_cell(b, doc_str(s, "found"), false, false);
            mail_cell(b, doc_str(s, "expected"), false, false);
            mail_row_close(b);
        }
        mail_table_close(b);
    }
}

static void html_steps(struct buf *b, const cJSON *doc) {
    static const char *const heads[] = {"Stage", "Dataset", "State", "In", "Out", "Rejected", "Seconds"};
    static const char *const keys[] = {"rows_in", "rows_out", "rows_rejected", "seconds"};
    const cJSON *s, *list = cJSON_GetObjectItem(doc, "steps");
    if (!cJSON_GetArraySize(list)) return;
    mail_heading(b, "Steps");
    mail_table_open(b);
    mail_row_open(b, true);
    for (int i = 0; i < 7; i++) mail_cell(b, heads[i], true, i > 2);
    mail_row_close(b);
    cJSON_ArrayForEach(s, list) {
        mail_row_open(b, false);
        mail_cell(b, doc_str(s, "stage"), false, false);
        mail_cell(b, doc_str(s, "dataset"), false, false);
        mail_cell(b, doc_str(s, "state"), false, false);
        for (int i = 0; i < 4; i++) {
            char text[32] = "";
            if (cJSON_GetObjectItem(s, keys[i])) snprintf(text, sizeof text, i == 3 ? "%.2f" : "%.0f", num(s, keys[i]));
            mail_cell(b, text, false, true);
        }
        mail_row_close(b);
    }
    mail_table_close(b);
}

void face_html(const cJSON *doc, struct buf *b) {
    int kind = alert_kind_find(doc_str(doc, "kind") ? doc_str(doc, "kind") : "");
    const char *headline = doc_str(doc, "headline") ? doc_str(doc, "headline") : "";
    const cJSON *c;
    mail_open(b, "en", headline, colors[kind < 0 ? 0 : kind]);
    mail_table_open(b);
    for (size_t i = 0; i < FACTS; i++) {
        if (!doc_str(doc, facts[i].key)) continue;
        mail_row_open(b, false);
        mail_cell(b, facts[i].name, true, false);
        mail_cell(b, doc_str(doc, facts[i].key), false, false);
        mail_row_close(b);
    }
    mail_table_close(b);
    strings(b, cJSON_GetObjectItem(doc, "missed"), MAIL_P "SLA missed: ", true, "</p>\n");
    requests(b, doc, true);
    html_checks(b, doc);
    cJSON_ArrayForEach(c, cJSON_GetObjectItem(doc, "retried")) {
        buf_str(b, MAIL_P);
        mail_escape(b, doc_str(c, "stage"));
        buf_chr(b, ' ');
        mail_escape(b, doc_str(c, "dataset"));
        buf_fmt(b, ": %.0f attempts; ", num(c, "attempts"));
        mail_escape(b, doc_str(c, "error"));
        buf_str(b, "</p>\n");
    }
    html_steps(b, doc);
    strings(b, cJSON_GetObjectItem(doc, "more"), MAIL_P, true, "</p>\n");
    if (doc_str(doc, "text")) {
        buf_str(b, "<pre style=\"font:13px/1.4 monospace;white-space:pre-wrap\">");
        mail_escape(b, doc_str(doc, "text"));
        buf_str(b, "</pre>\n");
    }
    mail_close(b, NULL);
}

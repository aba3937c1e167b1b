/* An alert as a message of Slack's Block Kit: header, fields, text, command, context. Slack takes 150 characters of a
 * header, 3000 of a section's text, 2000 of a field, ten fields a section; &, < and > are written as entities, so that
 * no text of ours calls people or makes links. */
#include "report/alert_impl.h"

static const char *const icons[ALERT_KINDS] = {
    ":red_circle:", ":large_orange_circle:", ":large_green_circle:", ":large_green_circle:",
    ":warning:",    ":large_green_circle:",  ":bar_chart:"};

/* At most `most` bytes of what comes out, cut between characters. */
static void escape(struct buf *b, const char *s, size_t most) {
    size_t end = b->n + most;
    while (*s) {
        const char *word = *s == '&' ? "&amp;" : *s == '<' ? "&lt;" : *s == '>' ? "&gt;" : NULL;
        size_t n = 1;
        while (!word && ((unsigned char)s[n] & 0xC0) == 0x80) n++;
        if (b->n + (word ? strlen(word) : n) > end) {
            buf_str(b, " …");
            return;
        }
        if (word)
            buf_str(b, word);
        else
            buf_add(b, s, n);
        s += n;
    }
}

static cJSON *add_block(cJSON *blocks, const char *type) {
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "type", type);
    cJSON_AddItemToArray(blocks, o);
    return o;
}

static cJSON *mrkdwn(const char *text) {
    cJSON *t = cJSON_CreateObject();
    cJSON_AddStringToObject(t, "type", "mrkdwn");
    cJSON_AddStringToObject(t, "text", text);
    return t;
}

static void add_section(cJSON *blocks, struct buf *text) {
    if (text->n) cJSON_AddItemToObject(add_block(blocks, "section"), "text", mrkdwn(buf_text(text)));
    buf_free(text);
}

static void add_field(cJSON *fields, const char *name, const char *value) {
    if (!value) return;
    struct buf b = {0};
    buf_fmt(&b, "*%s*\n", name);
    escape(&b, value, 300);
    cJSON_AddItemToArray(fields, mrkdwn(buf_text(&b)));
    buf_free(&b);
}

static void add_fields(cJSON *blocks, const cJSON *doc) {
    cJSON *fields = cJSON_AddArrayToObject(add_block(blocks, "section"), "fields");
    const cJSON *n = cJSON_GetObjectItem(doc, "attempts");
    char attempts[24] = "";
    if (cJSON_IsNumber(n)) snprintf(attempts, sizeof attempts, "%d", n->valueint);
    add_field(fields, "Pipeline", doc_str(doc, "pipeline"));
    add_field(fields, "Day", doc_str(doc, "day"));
    add_field(fields, "Stage", doc_str(doc, "stage"));
    add_field(fields, "Dataset", doc_str(doc, "dataset"));
    if (attempts[0]) add_field(fields, "Attempts", attempts);
    add_field(fields, "Run", doc_str(doc, "run_id"));
    add_field(fields, "Gate", doc_str(doc, "gate"));
    add_field(fields, "Log", doc_str(doc, "log"));
}

/* "*check* 97.10 % (99 needed), 3 of 104 failed" and its samples. */
static void add_checks(cJSON *blocks, const cJSON *doc) {
    const cJSON *c, *s;
    struct buf b = {0};
    cJSON_ArrayForEach(c, cJSON_GetObjectItem(doc, "checks")) {
        if (b.n > 2300) break;
        const cJSON *least = cJSON_GetObjectItem(c, "min_pass_rate");
        buf_str(&b, b.n ? "\n*" : "*");
        escape(&b, doc_str(c, "name") ? doc_str(c, "name") : "", 120);
        buf_fmt(&b, "* %.2f %%", cJSON_GetNumberValue(cJSON_GetObjectItem(c, "pass_rate")));
        if (cJSON_IsNumber(least)) buf_fmt(&b, " (%g %% needed)", least->valuedouble);
        buf_fmt(&b, ", %.0f of %.0f failed", cJSON_GetNumberValue(cJSON_GetObjectItem(c, "failed")),
                cJSON_GetNumberValue(cJSON_GetObjectItem(c, "total")));
        cJSON_ArrayForEach(s, cJSON_GetObjectItem(c, "samples")) {
            if (b.n > 2300) break;
            buf_fmt(&b, "\n• line %.0f ", cJSON_GetNumberValue(cJSON_GetObjectItem(s, "line")));
            escape(&b, doc_str(s, "field") ? doc_str(s, "field") : "", 60);
            buf_str(&b, ": ");
            escape(&b, doc_str(s, "found") ? doc_str(s, "found") : "", 120);
        }
    }
    add_section(blocks, &b);
}

static void add_list(cJSON *blocks, const cJSON *list) {
    struct buf b = {0};
    const cJSON *m;
    cJSON_ArrayForEach(m, list) {
        if (b.n > 2300) break;
        if (!cJSON_IsString(m)) continue;
        buf_str(&b, b.n ? "\n• " : "• ");
        escape(&b, m->valuestring, 300);
    }
    add_section(blocks, &b);
}

static void add_requests(cJSON *blocks, const cJSON *doc) {
    struct arena a = {0};
    struct buf b = {0};
    const cJSON *r;
    cJSON_ArrayForEach(r, cJSON_GetObjectItem(doc, "requests")) {
        if (b.n > 2300) break;
        buf_str(&b, b.n ? "\n• " : "• ");
        escape(&b, doc_requests(&a, r), 400);
    }
    add_section(blocks, &b);
    arena_free(&a);
}

static void add_retried(cJSON *blocks, const cJSON *doc) {
    struct buf b = {0};
    const cJSON *r;
    cJSON_ArrayForEach(r, cJSON_GetObjectItem(doc, "retried")) {
        if (b.n > 2000) break;
        buf_fmt(&b, "%s%s ", b.n ? "\n" : "", doc_str(r, "stage"));
        escape(&b, doc_str(r, "dataset") ? doc_str(r, "dataset") : "", 80);
        buf_fmt(&b, ": %.0f attempts", cJSON_GetNumberValue(cJSON_GetObjectItem(r, "attempts")));
        if (doc_str(r, "error")) buf_str(&b, "; ");
        if (doc_str(r, "error")) escape(&b, doc_str(r, "error"), 300);
    }
    add_section(blocks, &b);
}

/* Rows of a day that is done: "collect events 1,450". */
static void add_steps(cJSON *blocks, const cJSON *doc) {
    struct buf b = {0};
    const cJSON *s;
    cJSON_ArrayForEach(s, cJSON_GetObjectItem(doc, "steps")) {
        const cJSON *out = cJSON_GetObjectItem(s, "rows_out"), *bad = cJSON_GetObjectItem(s, "rows_rejected");
        if (b.n > 2300 || !cJSON_IsNumber(out)) continue;
        buf_fmt(&b, "%s%s ", b.n ? ", " : "", doc_str(s, "stage"));
        escape(&b, doc_str(s, "dataset") ? doc_str(s, "dataset") : "", 80);
        buf_fmt(&b, " %.0f", out->valuedouble);
        if (cJSON_IsNumber(bad) && bad->valuedouble > 0) buf_fmt(&b, " (%.0f rejected)", bad->valuedouble);
    }
    add_section(blocks, &b);
}

static void add_escaped(cJSON *blocks, const char *before, const char *text, const char *after, size_t most) {
    struct buf b = {0};
    if (!text) return;
    buf_str(&b, before);
    escape(&b, text, most);
    buf_str(&b, after);
    add_section(blocks, &b);
}

void face_slack(const cJSON *doc, struct buf *out) {
    struct buf head = {0};
    int kind = alert_kind_find(doc_str(doc, "kind") ? doc_str(doc, "kind") : "");
    const char *headline = doc_str(doc, "headline") ? doc_str(doc, "headline") : "";
    cJSON *o = cJSON_CreateObject();
    buf_fmt(&head, "%s ", icons[kind < 0 ? ALERT_FAILURE : kind]);
    escape(&head, headline, 300);
    cJSON_AddStringToObject(o, "text", buf_text(&head)); /* what a notification shows */
    cJSON *blocks = cJSON_AddArrayToObject(o, "blocks");
    cJSON *first = add_block(blocks, "section");
    head.n = 0;
    buf_fmt(&head, "%s *", icons[kind < 0 ? ALERT_FAILURE : kind]);
    escape(&head, headline, 300);
    buf_str(&head, "*");
    cJSON_AddItemToObject(first, "text", mrkdwn(buf_text(&head)));
    add_fields(blocks, doc);
    add_list(blocks, cJSON_GetObjectItem(doc, "missed"));
    if (cJSON_GetArraySize(cJSON_GetObjectItem(doc, "checks")))
        add_checks(blocks, doc);
    else
        add_escaped(blocks, "", doc_str(doc, "error"), "", 2400);
    add_escaped(blocks, "", doc_str(doc, "was"), "", 300);
    add_requests(blocks, doc);
    add_retried(blocks, doc);
    if (doc_str(doc, "state") && strcmp(doc_str(doc, "state"), "done") == 0) add_steps(blocks, doc);
    add_list(blocks, cJSON_GetObjectItem(doc, "more"));
    add_escaped(blocks, "```", doc_str(doc, "text"), "```", 2400);
    add_escaped(blocks, "`", doc_str(doc, "command"), "`", 600);
    char *text = cJSON_PrintUnformatted(o);
    buf_str(out, text);
    free(text);
    cJSON_Delete(o);
    buf_free(&head);
}

/* See alert.h. */
#include "report/alert.h"

#include <cjson/cJSON.h>
#include <unistd.h>

#include "base/log.h"
#include "base/stop.h"
#include "net/post.h"

static const char *const icons[] = {":red_circle:", ":large_orange_circle:", ":large_green_circle:"};
static const char *const heads[] = {"failed", "quality gate FAILED", "done"};

static void add_field(cJSON *fields, const char *name, const char *value) {
    if (!value || !*value) return;
    struct buf b = {0};
    buf_fmt(&b, "*%s*\n%s", name, value);
    cJSON *f = cJSON_CreateObject();
    cJSON_AddStringToObject(f, "type", "mrkdwn");
    cJSON_AddStringToObject(f, "text", buf_text(&b));
    cJSON_AddItemToArray(fields, f);
    buf_free(&b);
}

static void add_section(cJSON *blocks, const char *text) {
    cJSON *s = cJSON_CreateObject(), *t = cJSON_AddObjectToObject(s, "text");
    cJSON_AddStringToObject(s, "type", "section");
    cJSON_AddStringToObject(t, "type", "mrkdwn");
    cJSON_AddStringToObject(t, "text", text);
    cJSON_AddItemToArray(blocks, s);
}

void alert_slack(const struct pipeline *p, const struct alert *a, struct buf *out) {
    struct buf head = {0}, clean = {.max = 2900}; /* Slack takes 3000 characters a section */
    cJSON *o = cJSON_CreateObject();
    buf_fmt(&head, "%s %s %s: %s", icons[a->kind], p->title, a->day, heads[a->kind]);
    cJSON_AddStringToObject(o, "text", buf_text(&head));
    cJSON *blocks = cJSON_AddArrayToObject(o, "blocks");
    add_section(blocks, buf_text(&head));
    cJSON *s = cJSON_CreateObject(), *fields = cJSON_AddArrayToObject(s, "fields");
    cJSON_AddStringToObject(s, "type", "section");
    add_field(fields, "Pipeline", p->name);
    add_field(fields, "Day", a->day);
    add_field(fields, "Stage", a->stage);
    add_field(fields, "Dataset", a->dataset);
    add_field(fields, "Run", a->run_id);
    add_field(fields, "Log", a->log_path);
    cJSON_AddItemToArray(blocks, s);
    if (a->text && *a->text) {
        log_clean(&clean, sv_of(a->text));
        add_section(blocks, buf_text(&clean));
    }
    if (a->command) {
        struct buf c = {0};
        buf_fmt(&c, "`%s`", a->command);
        add_section(blocks, buf_text(&c));
        buf_free(&c);
    }
    char *text = cJSON_PrintUnformatted(o);
    buf_str(out, text);
    secret_hide(out, 0);
    free(text);
    cJSON_Delete(o);
    buf_free(&head);
    buf_free(&clean);
}

static bool wanted(const struct pipeline *p, enum alert_kind k) {
    return k == ALERT_FAILURE ? p->slack_failure : k == ALERT_GATE ? p->slack_gate : p->slack_success;
}

void alert_send(const struct pipeline *p, const struct alert *a) {
    if (!p->slack || !wanted(p, a->kind)) return;
    struct arena mem = {0};
    struct err e = {0};
    struct buf body = {0};
    char *url = NULL;
    if (secret_expand(p->slack, &mem, &url, &e)) {
        log_debug("no Slack message: %s", e.msg);
        goto out;
    }
    alert_slack(p, a, &body);
    int rc = net_post_json(url, buf_text(&body), 20, &e);
    int64_t pause = p->alert_stage.backoff;
    for (int k = 0; rc && k < p->alert_stage.retries && !stop_signal(); k++, pause *= 2) {
        sleep((unsigned)pause);
        rc = net_post_json(url, buf_text(&body), 20, &e);
    }
    if (rc) log_warn("the Slack message could not be sent: %s", e.msg);
    else log_info("Slack message sent: %s", heads[a->kind]);
out:
    buf_free(&body);
    arena_free(&mem);
}

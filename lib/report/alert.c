/* See alert.h. */
#include "report/alert.h"

#include <cjson/cJSON.h>
#include <unistd.h>

#include "base/log.h"
#include "base/stop.h"
#include "net/mail.h"
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

/* Send, and again as often as the definition says. */
static int send_again(const struct pipeline *p, int (*send)(void *ctx, struct err *e), void *ctx, struct err *e) {
    int rc = send(ctx, e);
    int64_t pause = p->alert_stage.backoff;
    for (int k = 0; rc && k < p->alert_stage.retries && !stop_signal(); k++, pause *= 2) {
        sleep((unsigned)pause);
        rc = send(ctx, e);
    }
    return rc;
}

struct slack_message {
    const char *url, *body;
};
static int post(void *ctx, struct err *e) {
    const struct slack_message *m = ctx;
    return net_post_json(m->url, m->body, 20, e);
}

void alert_send_slack(const struct pipeline *p, const struct alert *a) {
    struct arena mem = {0};
    struct err e = {0};
    struct buf body = {0};
    char *url = NULL;
    if (!p->alerts.slack) {
        log_warn("%s has no \"alerts\": {\"slack\": ...}: nothing is sent", p->name);
    } else if (secret_expand(p->alerts.slack, &mem, &url, &e)) {
        log_line(e.code == ERR_CONFIG ? LOG_INFO : LOG_WARN, "no Slack message: %s", e.msg);
    } else {
        alert_slack(p, a, &body);
        struct slack_message m = {url, buf_text(&body)};
        if (send_again(p, post, &m, &e))
            log_warn("the Slack message could not be sent: %s", e.msg);
        else
            log_info("Slack message sent: %s", heads[a->kind]);
    }
    buf_free(&body);
    arena_free(&mem);
}

static int mail(void *ctx, struct err *e) {
    return net_send_mail(ctx, 60, e);
}

static int expand_mail(const struct pl_alerts *al, struct mail *m, struct arena *mem, struct err *e) {
    const struct {
        const char *from;
        const char **to;
    } parts[] = {{al->smtp, &m->url}, {al->from, &m->from}, {al->user, &m->user}, {al->password, &m->password}};
    int rc = ERR_OK;
    char *text;
    for (size_t i = 0; i < 4 && rc == ERR_OK; i++) {
        if (!parts[i].from) continue;
        rc = secret_expand(parts[i].from, mem, &text, e);
        *parts[i].to = text;
    }
    m->to.s = arena_alloc(mem, (al->to.n + 1) * sizeof(char *));
    for (size_t i = 0; i < al->to.n && rc == ERR_OK; i++) {
        rc = secret_expand(al->to.s[i], mem, &text, e);
        m->to.s[m->to.n++] = text;
    }
    return rc;
}

void alert_send_email(const struct pipeline *p, const struct alert *a) {
    struct arena mem = {0};
    struct err e = {0};
    struct buf text = {0};
    struct mail m = {.subject = arena_fmt(&mem, "%s %s: %s", p->title, a->day, heads[a->kind]), .html = a->html};
    if (!p->alerts.smtp) {
        log_warn("%s has no \"alerts\": {\"email\": ...}: nothing is sent", p->name);
    } else if (expand_mail(&p->alerts, &m, &mem, &e)) {
        log_line(e.code == ERR_CONFIG ? LOG_INFO : LOG_WARN, "no mail: %s", e.msg);
    } else {
        buf_fmt(&text, "%s\n\n", m.subject);
        log_clean(&text, sv_of(a->text));
        buf_chr(&text, '\n');
        if (a->stage) buf_fmt(&text, "\nStage: %s %s\n", a->stage, a->dataset ? a->dataset : "");
        if (a->log_path) buf_fmt(&text, "Log: %s\n", a->log_path);
        if (a->command) buf_fmt(&text, "Continue with: %s\n", a->command);
        m.text = buf_text(&text);
        if (send_again(p, mail, &m, &e))
            log_warn("%s", e.msg);
        else
            log_info("mail sent: %s", heads[a->kind]);
    }
    buf_free(&text);
    arena_free(&mem);
}

void alert_send(const struct pipeline *p, const struct alert *a) {
    if (p->alerts.slack && p->alerts.slack_on[a->kind]) alert_send_slack(p, a);
    if (p->alerts.smtp && p->alerts.email_on[a->kind]) alert_send_email(p, a);
}

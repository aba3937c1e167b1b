/* Alerts and the times to be kept; see alerts.h. */
#include "pipeline/pipeline_impl.h"

const char *const alert_kind_names[ALERT_KINDS] = {"failure", "gate", "success", "retry", "sla", "recovery", "report"};
const char *const channel_names[CHANNEL_COUNT] = {"slack", "email", "webhook"};

static int find(const char *const *names, int n, const char *name) {
    for (int i = 0; i < n; i++)
        if (strcmp(names[i], name) == 0) return i;
    return -1;
}

int alert_kind_find(const char *name) {
    return find(alert_kind_names, ALERT_KINDS, name);
}

int channel_find(const char *name) {
    return find(channel_names, CHANNEL_COUNT, name);
}

static void get_on(struct arena *a, struct jval v, bool on[ALERT_KINDS]) {
    struct jval list;
    bool given = get_val(v, "on", &list);
    struct strs l = given ? strs_of(a, list) : (struct strs){0};
    for (int i = 0; i < ALERT_KINDS; i++)
        on[i] = !given || i == ALERT_REPORT || strs_has(l, sv_of(alert_kind_names[i]));
}

static void get_headers(struct arena *a, struct pl_alerts *al, struct jval v) {
    struct jval headers, key, val;
    if (!get_val(v, "headers", &headers)) return;
    al->header_names.s = arena_alloc(a, (jv_tok(headers)->n + 1) * sizeof(char *));
    al->header_values.s = arena_alloc(a, (jv_tok(headers)->n + 1) * sizeof(char *));
    uint32_t pos = 0;
    while (jv_each(headers, &pos, &key, &val)) {
        al->header_names.s[al->header_names.n++] = jv_str(key, a, NULL);
        al->header_values.s[al->header_values.n++] = jv_str(val, a, NULL);
    }
}

static void get_email(struct arena *a, struct pl_alerts *al, struct jval v) {
    al->url[CHANNEL_EMAIL] = get_str(a, v, "smtp", NULL);
    al->from = get_str(a, v, "from", NULL);
    al->user = get_str(a, v, "user", NULL);
    al->password = get_str(a, v, "password", NULL);
    al->to = get_strs(a, v, "to");
    al->report = get_bool(v, "report", false);
}

void define_alerts(struct pipeline *p, struct jval root) {
    struct jval alerts, v;
    struct pl_alerts *al = &p->alerts;
    if (!get_val(root, "alerts", &alerts)) return;
    al->per_hour = (int)get_int(alerts, "per_hour", 30);
    al->keep = get_duration(alerts, "keep", 86400);
    al->links = get_str(&p->a, alerts, "log_url", NULL);
    for (int c = 0; c < CHANNEL_COUNT; c++) {
        if (!get_val(alerts, channel_names[c], &v)) continue;
        get_on(&p->a, v, al->on[c]);
        if (c == CHANNEL_SLACK) al->url[c] = get_str(&p->a, v, "webhook", NULL);
        if (c == CHANNEL_EMAIL) get_email(&p->a, al, v);
        if (c == CHANNEL_WEBHOOK) {
            al->url[c] = get_str(&p->a, v, "url", NULL);
            get_headers(&p->a, al, v);
        }
    }
}

void define_watch(struct pipeline *p, struct jval root) {
    struct jval v, stages;
    p->watch.done_by = -1;
    if (!get_val(root, "sla", &v)) return;
    const char *at = get_str(&p->a, v, "done_by", "");
    if (strlen(at) == 5) p->watch.done_by = ((at[0] - '0') * 10 + at[1] - '0') * 60 + (at[3] - '0') * 10 + at[4] - '0';
    p->watch.max_age = get_duration(v, "max_age", 0);
    if (!get_val(v, "stages", &stages)) return;
    for (int i = 0; i < STAGE_COUNT; i++) p->watch.stage[i] = get_duration(stages, stage_name((enum stage)i), 0);
}

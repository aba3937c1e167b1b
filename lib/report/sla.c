/* See sla.h. */
#include "report/sla.h"

int sla_due_minutes(const struct pipeline *p) {
    if (p->watch.done_by >= 0) return p->watch.done_by;
    if (p->sla && p->schedule_at >= 0) return p->schedule_at + (int)(p->sla / 60);
    return -1;
}

static int64_t after_midnight(const struct pipeline *p, day_t day, int minutes) {
    return zone_to_utc(&p->zone, ((int64_t)day + 1) * 86400 + (int64_t)minutes * 60);
}

int64_t sla_due(const struct pipeline *p, day_t day) {
    int minutes = sla_due_minutes(p);
    return minutes < 0 ? 0 : after_midnight(p, day, minutes);
}

int64_t sla_day_end(const struct pipeline *p, day_t day) {
    return after_midnight(p, day, 0);
}

int64_t sla_expected(const struct pipeline *p, day_t day) {
    int minutes = sla_due_minutes(p);
    return after_midnight(p, day, minutes >= 0 ? minutes : p->schedule_at >= 0 ? p->schedule_at : 0);
}

struct when_text sla_when(const struct pipeline *p, int64_t utc) {
    struct when_text t;
    int64_t local = utc + zone_offset(&p->zone, utc);
    int minute = (int)((local % 86400 + 86400) % 86400 / 60);
    snprintf(t.s, sizeof t.s, "%s %02d:%02d %.60s", day_text(zone_day(&p->zone, utc)).s, minute / 60, minute % 60,
             p->zone_name);
    return t;
}

struct duration_text duration_text(int64_t seconds) {
    struct duration_text t;
    int64_t s = seconds < 0 ? 0 : seconds;
    if (s >= 86400 * 2)
        snprintf(t.s, sizeof t.s, "%lldd%lldh", (long long)(s / 86400), (long long)(s % 86400 / 3600));
    else if (s >= 3600 && s % 3600 / 60)
        snprintf(t.s, sizeof t.s, "%lldh%lldm", (long long)(s / 3600), (long long)(s % 3600 / 60));
    else if (s >= 3600)
        snprintf(t.s, sizeof t.s, "%lldh", (long long)(s / 3600));
    else if (s >= 60 && s % 60)
        snprintf(t.s, sizeof t.s, "%lldm%llds", (long long)(s / 60), (long long)(s % 60));
    else if (s >= 60)
        snprintf(t.s, sizeof t.s, "%lldm", (long long)(s / 60));
    else
        snprintf(t.s, sizeof t.s, "%llds", (long long)s);
    return t;
}

int sla_newest(struct ledger *l, const char *pipeline, day_t *day, bool *any, struct err *e) {
    struct stmt s;
    bool row;
    *any = false;
    int rc = stmt_prepare(&s, &l->db, "SELECT MAX(day) FROM runs WHERE pipeline=?1 AND state='done'",
                          "reading the ledger", e);
    if (rc) return rc;
    stmt_text(&s, 1, pipeline);
    rc = stmt_step(&s, &row, e);
    if (rc == ERR_OK && row && stmt_col(&s, 0)) *any = day_parse(sv_of(stmt_col(&s, 0)), day);
    stmt_close(&s);
    return rc;
}

static int ever_ran(struct ledger *l, const char *pipeline, bool *ran, struct err *e) {
    struct stmt s;
    int rc = stmt_prepare(&s, &l->db, "SELECT 1 FROM runs WHERE pipeline=?1 LIMIT 1", "reading the ledger", e);
    if (rc) return rc;
    stmt_text(&s, 1, pipeline);
    rc = stmt_step(&s, ran, e);
    stmt_close(&s);
    return rc;
}

int sla_age(struct ledger *l, const struct pipeline *p, int64_t now, struct sla_age *out, struct err *e) {
    day_t day;
    bool any, ran = false;
    *out = (struct sla_age){.age = -1};
    int rc = sla_newest(l, p->name, &day, &any, e);
    if (rc) return rc;
    if (any) {
        out->age = now - sla_day_end(p, day);
        if (out->age < 0) out->age = 0;
        snprintf(out->newest, sizeof out->newest, "%s", day_text(day).s);
        out->stale = p->watch.max_age && out->age > p->watch.max_age;
        snprintf(out->words, sizeof out->words, "the newest day done is %s, which ended %s ago; at most %s is promised",
                 out->newest, duration_text(out->age).s, duration_text(p->watch.max_age).s);
    } else if (p->watch.max_age && (rc = ever_ran(l, p->name, &ran, e)) == ERR_OK && ran) {
        out->stale = true;
        snprintf(out->words, sizeof out->words, "no day is done yet");
    }
    return rc;
}

/* The calendar for people and for programs; see status.h. */
#include <cjson/cJSON.h>

#include "base/log.h"
#include "report/alert.h"
#include "run/status.h"

#define ERRORS_MOST 10 /* of the newest days, below the calendar */

static const char *mark(const char *state) {
    if (!state) return ".";
    if (strcmp(state, "done") == 0) return "ok";
    if (strcmp(state, "gate_failed") == 0) return "GATE";
    if (strcmp(state, "failed") == 0) return "FAILED";
    return state;
}

static const char *run_word(const struct status_day *d) {
    if (!d->run) {
        for (int k = 0; k < STAGE_COUNT; k++)
            if (d->stage[k]) return "by hand";
        return d->waiting ? "waiting" : d->late ? "gap, late" : "gap";
    }
    if (status_is_done(d)) return d->late ? "done late" : "done";
    return d->run;
}

static void show_age(const struct status *s, FILE *out) {
    const struct sla_age *a = &s->age;
    if (!a->newest[0]) return;
    fprintf(out, "  newest: %s, ended %s ago", a->newest, duration_text(a->age).s);
    if (s->p->watch.max_age)
        fprintf(out, "; at most %s is promised%s", duration_text(s->p->watch.max_age).s, a->stale ? ": STALE" : "");
    if (sla_due_minutes(s->p) >= 0) {
        int m = sla_due_minutes(s->p) % 1440;
        fprintf(out, "; days are due by %02d:%02d %s", m / 60, m % 60, s->p->zone_name);
    }
    fprintf(out, "\n");
}

static void show_errors(const struct status *s, FILE *out) {
    int shown = 0;
    for (size_t i = s->n; i-- > 0 && shown < ERRORS_MOST;) {
        const struct status_day *d = &s->days[i];
        struct arena a = {0};
        struct buf clean = {0};
        if (!d->run || !d->error || status_is_done(d) || strcmp(d->run, "running") == 0) continue;
        log_clean(&clean, sv_of(d->error));
        fprintf(out, "%s  %s %s%s%s%s: %s\n", shown++ ? "" : "\n", d->day, d->failed_stage ? d->failed_stage : "run",
                d->failed_name ? " " : "", d->failed_name ? d->failed_name : "", d->late ? " (late)" : "",
                buf_text(&clean));
        fprintf(out, "             go on with: %s\n", alert_command(&a, s->home, s->p->name, d->day));
        fprintf(out, "             its log:    etl status --log %s\n", d->run_id);
        buf_free(&clean);
        arena_free(&a);
    }
}

void status_text(const struct status *s, FILE *out) {
    fprintf(out, "%s%s%s\n", s->p->name, strcmp(s->p->title, s->p->name) == 0 ? "" : "  ",
            strcmp(s->p->title, s->p->name) == 0 ? "" : s->p->title);
    show_age(s, out);
    fprintf(out, "  %-10s", "day");
    for (int k = 0; k < STAGE_COUNT; k++) fprintf(out, "  %-9s", stage_name((enum stage)k));
    fprintf(out, "  %10s  %9s  run\n", "rows", "seconds");
    for (size_t i = 0; i < s->n; i++) {
        const struct status_day *d = &s->days[i];
        char rows[24] = "", took[24] = "";
        fprintf(out, "  %-10s", d->day);
        for (int k = 0; k < STAGE_COUNT; k++) fprintf(out, "  %-9s", mark(d->stage[k]));
        if (d->rows >= 0) snprintf(rows, sizeof rows, "%lld", (long long)d->rows);
        if (d->took >= 0) snprintf(took, sizeof took, "%.2f", d->took);
        fprintf(out, "  %10s  %9s  %s\n", rows, took, run_word(d));
    }
    show_errors(s, out);
}

static void add_text(cJSON *o, const char *name, const char *value) {
    if (value) cJSON_AddStringToObject(o, name, value);
}

static cJSON *day_json(const struct status *s, const struct status_day *d) {
    struct arena a = {0};
    cJSON *x = cJSON_CreateObject(), *stages = cJSON_CreateObject(), *seconds = cJSON_CreateObject();
    cJSON_AddStringToObject(x, "day", d->day);
    cJSON_AddStringToObject(x, "state", d->run ? d->run : d->waiting ? "waiting" : "gap");
    cJSON_AddBoolToObject(x, "late", d->late);
    for (int k = 0; k < STAGE_COUNT; k++) {
        if (d->stage[k]) cJSON_AddStringToObject(stages, stage_name((enum stage)k), d->stage[k]);
        if (d->seconds[k] >= 0) cJSON_AddNumberToObject(seconds, stage_name((enum stage)k), d->seconds[k]);
    }
    cJSON_AddItemToObject(x, "stages", stages);
    cJSON_AddItemToObject(x, "stage_seconds", seconds);
    if (d->rows >= 0) cJSON_AddNumberToObject(x, "rows", (double)d->rows);
    if (d->rejected >= 0) cJSON_AddNumberToObject(x, "rejected", (double)d->rejected);
    if (d->took >= 0) cJSON_AddNumberToObject(x, "seconds", d->took);
    add_text(x, "run_id", d->run_id);
    if (d->attempt) cJSON_AddNumberToObject(x, "attempt", d->attempt);
    add_text(x, "error", d->error);
    add_text(x, "failed_stage", d->failed_stage);
    add_text(x, "failed_dataset", d->failed_name);
    add_text(x, "started_at", d->started_at);
    add_text(x, "finished_at", d->finished_at);
    if (d->due) cJSON_AddStringToObject(x, "due_at", utc_text(d->due).s);
    if (!status_is_done(d) && !d->waiting)
        cJSON_AddStringToObject(x, "command", alert_command(&a, s->home, s->p->name, d->day));
    arena_free(&a);
    return x;
}

void status_json(const struct status *s, FILE *out) {
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "pipeline", s->p->name);
    cJSON_AddStringToObject(o, "title", s->p->title);
    cJSON *fresh = cJSON_AddObjectToObject(o, "freshness");
    if (s->age.newest[0]) cJSON_AddStringToObject(fresh, "newest_day", s->age.newest);
    if (s->age.age >= 0) cJSON_AddNumberToObject(fresh, "age_seconds", (double)s->age.age);
    if (s->p->watch.max_age) cJSON_AddNumberToObject(fresh, "max_age_seconds", (double)s->p->watch.max_age);
    cJSON_AddBoolToObject(fresh, "stale", s->age.stale);
    cJSON *days = cJSON_AddArrayToObject(o, "days");
    for (size_t i = 0; i < s->n; i++) cJSON_AddItemToArray(days, day_json(s, &s->days[i]));
    char *text = cJSON_Print(o);
    struct buf b = {0};
    json_visible(&b, text);
    fprintf(out, "%s\n", buf_text(&b));
    buf_free(&b);
    free(text);
    cJSON_Delete(o);
}

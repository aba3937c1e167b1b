/*
 * Days that nobody was there to call late: the machine was off when they were due. See alert_look() in alert.h.
 *
 * Within a day after a day was due any look at it tells (alert.c, run/status_check.c). The row "look" of alert_states
 * says when anybody last looked at the pipeline at all; what became due after that is news however long ago it was, and
 * what became due before was told then or was nobody's business (a backfill).
 */
#include "report/alert_impl.h"
#include "report/sla.h"

#define MOST_DAYS 31 /* of a machine that was off for a year; the newest ones */

/* One time, 0 where there is none. */
static int read_time(struct ledger *l, const char *sql, const char *pipeline, const char *day, int64_t *at,
                     struct err *e) {
    struct stmt s;
    bool row;
    *at = 0;
    int rc = stmt_prepare(&s, &l->db, sql, "reading the ledger", e);
    if (rc) return rc;
    stmt_text(&s, 1, pipeline);
    if (day) stmt_text(&s, 2, day);
    rc = stmt_step(&s, &row, e);
    if (rc == ERR_OK && row) *at = stmt_col_int(&s, 0);
    stmt_close(&s);
    return rc;
}

int look_last(struct ledger *l, const char *pipeline, int64_t *at, struct err *e) {
    return read_time(l, "SELECT unixepoch(since) FROM alert_states WHERE pipeline=?1 AND day='' AND subject='look'",
                     pipeline, NULL, at, e);
}

static int note(struct ledger *l, const char *pipeline, int64_t now, struct err *e) {
    struct stmt s;
    struct stamp_text at = utc_text(now);
    int rc =
        stmt_prepare(&s, &l->db,
                     "INSERT INTO alert_states (pipeline, day, subject, state, cause, since, seen, changes) VALUES "
                     "(?1,'','look','ok','',?2,1,0) ON CONFLICT DO UPDATE SET since=MAX(since, ?2)",
                     "writing the ledger", e);
    if (rc) return rc;
    stmt_text(&s, 1, pipeline);
    stmt_text(&s, 2, at.s);
    rc = stmt_run(&s, e);
    stmt_close(&s);
    return rc;
}

static int tell(struct ledger *l, const struct pipeline *p, const char *home, day_t day, int64_t now, struct err *e) {
    char words[240], text[16];
    int64_t done, due = sla_due(p, day);
    snprintf(text, sizeof text, "%s", day_text(day).s);
    int rc = read_time(l, "SELECT 1 FROM runs WHERE pipeline=?1 AND day=?2 AND state='done' LIMIT 1", p->name, text,
                       &done, e);
    if (rc || done) return rc;
    snprintf(words, sizeof words, "due %s; it is %s", sla_when(p, due).s, sla_when(p, now).s);
    struct alert_sight late = {home, text, "late", "missed", words};
    return sight_note(l, p, &late, e);
}

int alert_look(struct ledger *l, const struct pipeline *p, const char *home, struct err *e) {
    int64_t last, first, now = now_utc();
    if (sla_due_minutes(p) < 0) return ERR_OK;
    int rc = look_last(l, p->name, &last, e);
    if (rc == ERR_OK)
        rc = read_time(l, "SELECT MIN(unixepoch(started_at)) FROM runs WHERE pipeline=?1", p->name, NULL, &first, e);
    if (rc) return rc;
    if (last && first > last) last = first;
    /* A day is due on the day after it, whatever the zone: days before the day before `last` were due before it. */
    day_t from = (day_t)(last / 86400) - 2, to = (day_t)(now / 86400) + 1;
    if (to - from > MOST_DAYS + 2) from = to - MOST_DAYS - 2;
    for (day_t d = from; last && first && d <= to && rc == ERR_OK; d++) {
        int64_t due = sla_due(p, d);
        if (due > last && due < now) rc = tell(l, p, home, d, now, e);
    }
    return rc ? rc : note(l, p->name, now, e);
}

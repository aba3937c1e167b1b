/* etl status: see commands.def. */
#include "run/status.h"

#include "cmd/cli.h"
#include "io/file.h"
#include "report/alert.h"
#include "store/requests.h"

struct asked {
    int format; /* 0 text, 1 json */
    bool check, alert;
    bool failed; /* list the requests that failed */
    size_t problems, told;
};

/* The URLs that failed: lines by source and reason, or one JSON list over all days and pipelines. */
static int tell_failed(struct ledger *l, const struct pipeline *p, day_t from, day_t to, struct asked *q,
                       struct err *e) {
    int rc = ERR_OK;
    for (day_t d = from; l->db.h && d <= to && rc == ERR_OK; d++)
        rc = requests_tell_failed(l, p->name, day_text(d).s, q->format == 1, stdout, &q->told, e);
    return rc;
}

/* Which days: the last ten; for --check the newest that should be done by now, and what came after it. */
static int which_days(struct cli *c, const struct pipeline *p, const struct asked *q, day_t *from, day_t *to,
                      struct err *e) {
    const char *text = c->noperands ? c->operands[0] : NULL;
    int rc = cli_days(c, p, text, true, from, to, e);
    if (rc || text || cli_has(c, "day")) return rc;
    if (!q->check)
        *from = *to - 9;
    else
        for (int k = 0; k < 7 && now_utc() < sla_expected(p, *from); k++) --*from;
    return ERR_OK;
}

static int tell(const struct pipeline *p, const struct status *s, struct ledger *l, const char *home, struct err *e) {
    int rc = status_alert(s, l, e);
    if (rc == ERR_OK) alert_flush(l, p, home);
    return rc;
}

static int one(struct cli *c, struct pipeline *p, struct asked *q, struct err *e) {
    struct ledger l = {0};
    struct status s = {0};
    day_t from, to;
    int rc = which_days(c, p, q, &from, &to, e);
    if (rc) return rc;
    if (file_exists(arena_fmt(&c->a, "%s/ledger.db", c->env.home)))
        rc = q->alert ? ledger_open(&l, c->env.home, e) : ledger_open_read(&l, c->env.home, e);
    if (q->failed) {
        if (rc == ERR_OK) rc = tell_failed(&l, p, from, to, q, e);
        ledger_close(&l);
        return rc;
    }
    struct ledger *ledger = l.db.h ? &l : NULL;
    if (rc == ERR_OK) rc = status_gather(&s, p, c->env.home, from, to, ledger, e);
    if (rc == ERR_OK && q->check) {
        rc = status_check(&s, ledger, e);
        if (rc == ERR_OK && q->format)
            status_problems_json(&s, stdout);
        else if (rc == ERR_OK)
            status_problems_text(&s, stdout);
        q->problems += s.nproblems;
        if (rc == ERR_OK && q->alert && ledger) rc = tell(p, &s, ledger, c->env.home, e);
    } else if (rc == ERR_OK && q->format) {
        status_json(&s, stdout);
    } else if (rc == ERR_OK) {
        status_text(&s, stdout);
    }
    status_free(&s);
    ledger_close(&l);
    return rc;
}

/* --log RUN; "last" is the newest run, of -p and of the days where they are given. */
static int show_log(struct cli *c, int format, struct err *e) {
    struct ledger l = {0};
    struct runlog q = {
        .home = c->env.home, .id = cli_get(c, "log"), .pipeline = cli_get(c, "pipeline"), .json = format == 1};
    const char *text = c->noperands ? c->operands[0] : cli_get(c, "day");
    const char *dots = text ? strstr(text, "..") : NULL;
    if (text) {
        q.from = dots ? arena_strn(&c->a, text, (size_t)(dots - text)) : text;
        q.to = dots ? dots + 2 : text;
    }
    day_t day;
    int rc = ERR_OK;
    if (q.from) rc = day_read(q.from, &day, e);
    if (rc == ERR_OK && q.to) rc = day_read(q.to, &day, e);
    if (rc == ERR_OK) rc = ledger_open_read(&l, c->env.home, e);
    if (rc == ERR_OK) rc = runlog_show(&l, &q, stdout, e);
    ledger_close(&l);
    return rc;
}

int cmd_STATUS(struct cli *c, struct err *e) {
    static const char *const formats[] = {"text", "json"};
    struct asked q = {.check = cli_has(c, "check"), .alert = cli_has(c, "alert"), .failed = cli_has(c, "failed")};
    int rc = cli_choice(c, "format", formats, 2, 0, &q.format, e);
    char **names = NULL;
    size_t n = 0;
    if (rc == ERR_OK && q.alert && !q.check)
        rc = err_set(e, ERR_USAGE, "--alert goes with --check: it sends what --check finds");
    if (rc == ERR_OK && cli_has(c, "log")) return show_log(c, q.format, e);
    if (rc == ERR_OK) rc = cli_pipelines(c, &names, &n, e);
    bool list = q.failed && q.format == 1;
    if (list) printf("[");
    for (size_t i = 0; i < n && rc == ERR_OK; i++) {
        struct pipeline *p = NULL;
        rc = cli_pipeline(c, names[i], &p, e);
        if (rc == ERR_OK) rc = one(c, p, &q, e);
        pipeline_free(p);
    }
    if (list) printf("]\n");
    if (rc == ERR_OK && q.problems) {
        rc = ERR_TEST;
        e->msg[0] = 0; /* the lines on standard output say it */
    }
    return rc;
}

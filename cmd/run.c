/* etl run: see commands.def. */
#include "run/run.h"

#include <unistd.h>

#include "base/log.h"
#include "base/near.h"
#include "base/stop.h"
#include "cmd/cli.h"
#include "collect/web.h"
#include "io/file.h"
#include "run/lock.h"
#include "run/order.h"
#include "run/status.h"

static int stage_option(const struct cli *c, const char *option, int *out, struct err *e) {
    static const char *const names[] = {"collect", "validate", "transform", "load", "mart", "report"};
    return cli_choice(c, option, names, STAGE_COUNT, -1, out, e);
}

/* Was the day's last run anything but done? Days that never ran count as not failed. */
static bool failed_before(struct cli *c, const struct pipeline *p, day_t day) {
    struct ledger l = {0};
    struct status s = {0};
    struct err e;
    bool failed = false;
    if (ledger_open_read(&l, c->env.home, &e) == ERR_OK &&
        status_gather(&s, p, c->env.home, day, day, &l, &e) == ERR_OK)
        failed = (s.days[0].run && !status_is_done(&s.days[0])) || web_has_failed(p, c->env.home, day);
    status_free(&s);
    ledger_close(&l);
    return failed;
}

/* A range lets go of the lock between its days, and another run may take it there: the next day waits for its turn. */
static bool waited(const struct cli *c, const struct pipeline *p, const struct err *e) {
    if (!run_lock_held(c->env.home, p->name)) return false;
    log_info("%s; the range goes on after it", e->msg);
    while (run_lock_held(c->env.home, p->name) && !stop_signal()) usleep(100000);
    return !stop_signal();
}

/* All days of one pipeline, oldest first. A failed day does not keep the next from running; the first failure is told,
 * but a signal, which leaves days undone, comes before it. */
static int run_days(struct cli *c, const struct pipeline *p, const struct run_opt *opt, struct err *e) {
    day_t from, to;
    int rc = cli_days(c, p, c->noperands ? c->operands[0] : NULL, true, &from, &to, e);
    if (rc) return rc;
    int first = ERR_OK;
    struct run_range range = {.written = now_mono()};
    struct run_opt day = *opt;
    if (from != to) day.range = &range;
    for (day_t d = from; d <= to; d++) {
        struct err mine = {0};
        range.more = d < to;
        if (stop_signal()) {
            first = err_set(e, ERR_STOPPED, "stopped by signal %d before %s %s", stop_signal(), p->name, day_text(d).s);
            run_range_end(p, &c->env, &range);
            return first;
        }
        if (cli_has(c, "retry-failed") && !failed_before(c, p, d)) continue;
        rc = opt->force || opt->dry_run ? ERR_OK : run_may_begin(p, &c->env, d, &mine);
        if (rc == ERR_OK) rc = run_day(p, d, &c->env, &day, &mine);
        while (rc == ERR_BUSY && d > from && waited(c, p, &mine)) rc = run_day(p, d, &c->env, &day, &mine);
        if (!rc) continue;
        err_in(&mine, "%s %s", p->name, day_text(d).s);
        if (!first) {
            first = rc;
            if (from != to) log_error("%s", mine.msg);
            *e = mine;
        } else {
            log_error("%s", mine.msg);
        }
        if (rc == ERR_STOPPED) first = rc;
        if (rc == ERR_BUSY || rc == ERR_STOPPED) break;
    }
    run_range_end(p, &c->env, &range);
    if (first && from != to)
        err_set(e, first, "not all days ended well; see etl status -p %s %s..%s", p->name, day_text(from).s,
                day_text(to).s);
    return first;
}

/* All the pipelines of the list, NULL for one that cannot be read: that one's mistakes do not keep the others from
 * running. */
static int read_pipelines(struct cli *c, const char *list, struct pipeline **p, size_t *n, struct err *e) {
    int first = ERR_OK;
    do {
        size_t len = list ? strcspn(list, ",") : 0;
        struct err mine = {0};
        int rc = cli_pipeline(c, len ? arena_strn(&c->a, list, len) : NULL, &p[*n], &mine);
        if (rc) p[*n] = NULL;
        *n += 1;
        if (rc && first) log_error("%s", e->msg);
        if (rc) *e = mine;
        if (rc && !first) first = rc;
        if (list) list += len + (list[len] == ',');
    } while (list && *list);
    return first;
}

int cmd_RUN(struct cli *c, struct err *e) {
    struct run_opt opt = {.force = cli_has(c, "force"), .dry_run = cli_has(c, "dry-run"), .from = -1, .only = -1};
    const char *list = cli_get(c, "pipeline");
    size_t n = 0;
    int rc = stage_option(c, "from", &opt.from, e), first;
    if (rc == ERR_OK) rc = stage_option(c, "only", &opt.only, e);
    if (rc == ERR_OK && opt.from >= 0 && opt.only >= 0)
        rc = err_set(e, ERR_USAGE, "--from and --only do not go together");
    if (rc == ERR_OK && c->noperands > 1)
        rc = err_set(e, ERR_USAGE, "one DAY or FROM..TO; '%s' is one too many", c->operands[1]);
    if (rc) return rc;
    if (!list) list = getenv("ETL_PIPELINE");
    c->env.collect.retry_failed = cli_has(c, "retry-failed");
    c->env.openlineage = cli_get(c, "openlineage");
    stop_drain(true);
    struct pipeline **p = arena_alloc(&c->a, (list ? strlen(list) + 2 : 2) * sizeof *p);
    first = read_pipelines(c, list, p, &n, e);
    struct err mine = {0};
    rc = run_order(p, n, &mine);
    if (rc) {
        *e = mine;
        first = rc;
    }
    for (size_t i = 0; i < n && rc != ERR_CONFIG; i++) {
        struct err one = {0};
        if (!p[i]) continue;
        int day = run_days(c, p[i], &opt, &one);
        if (!day) continue;
        if (first) log_error("%s", e->msg);
        *e = one;
        if (!first || day == ERR_STOPPED) first = day;
        if (day == ERR_STOPPED) break;
    }
    for (size_t i = 0; i < n; i++) pipeline_free(p[i]);
    return first;
}

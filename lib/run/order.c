/* See order.h. */
#include "run/order.h"

#include "io/file.h"

static bool waits(const struct pipeline *p, struct pipeline *const *left, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (left[i] && left[i] != p && strs_has(p->after, sv_of(left[i]->name))) return true;
    return false;
}

static int circle(struct pipeline *const *left, size_t n, struct err *e) {
    struct buf names = {0};
    for (size_t i = 0; i < n; i++)
        if (left[i]) buf_fmt(&names, "%s%s", names.n ? ", " : "", left[i]->name);
    int rc = err_set(e, ERR_CONFIG, "pipelines wait for each other in a circle (\"after\"): %s", buf_text(&names));
    buf_free(&names);
    return rc;
}

int run_order(struct pipeline **p, size_t n, struct err *e) {
    struct pipeline **left = mem_alloc((n + 1) * sizeof *left);
    size_t done = 0, all = 0;
    int rc = ERR_OK;
    for (size_t i = 0; i < n; i++) all += (left[i] = p[i]) != NULL;
    while (done < all && rc == ERR_OK) {
        size_t i = 0;
        while (i < n && (!left[i] || waits(left[i], left, n))) i++;
        if (i == n) {
            rc = circle(left, n, e);
        } else {
            p[done++] = left[i];
            left[i] = NULL;
        }
    }
    for (size_t i = done; i < n && rc == ERR_OK; i++) p[i] = NULL;
    free(left);
    return rc;
}

int run_may_begin(const struct pipeline *p, const struct run_env *env, day_t day, struct err *e) {
    struct ledger l = {0};
    struct arena a = {0};
    char state[16] = "";
    int rc = ERR_OK;
    if (!p->after.n) return ERR_OK;
    if (file_exists(arena_fmt(&a, "%s/ledger.db", env->home))) rc = ledger_open_read(&l, env->home, e);
    for (size_t i = 0; i < p->after.n && rc == ERR_OK; i++) {
        if (l.db.h) rc = ledger_run_last(&l, p->after.s[i], day_text(day).s, state, e);
        if (rc == ERR_OK && strcmp(state, "done") != 0)
            rc = err_set(e, ERR_NOINPUT,
                         "it comes after %s, which is %s for that day: run -p %s,%s, or --force to run all the same",
                         p->after.s[i], *state ? state : "not done", p->after.s[i], p->name);
    }
    if (l.db.h) ledger_close(&l);
    arena_free(&a);
    return rc;
}

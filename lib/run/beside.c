/* See beside.h. */
#include "run/beside.h"

#include "base/log.h"
#include "base/progress.h"
#include "pipeline/http.h"

struct collect_opt beside_options(const struct plan *pl, const char *run_id) {
    struct collect_opt o = pl->env->collect;
    o.home = pl->env->home;
    o.tmpdir = pl->env->tmpdir;
    o.run_id = run_id;
    o.memory = pl->env->memory / 2;
    o.threads = pl->env->threads;
    o.fresh = pl->force;
    return o;
}

static bool over_http(const struct plan *pl, const struct plan_step *s) {
    return s->stage == STAGE_COLLECT && s->d->source.kind == SOURCE_HTTP && !s->d->source.http->alone &&
           !pl->env->collect.source;
}

int beside_fetch(struct beside *b, struct plan *pl, size_t i, const char *run_id, struct ledger *l, struct err *e) {
    int rc = ERR_OK;
    if (b->begun || !over_http(pl, &pl->s[i])) return rc;
    b->begun = true;
    b->f = arena_alloc(&pl->a, pl->n * sizeof *b->f);
    for (; i < pl->n && rc == ERR_OK; i++) {
        if (!over_http(pl, &pl->s[i])) continue;
        rc = plan_decide(pl, i, l, e);
        if (rc == ERR_OK && pl->s[i].todo && !collect_lacks(pl->s[i].d, &pl->env->collect))
            b->f[b->n++] = (struct web_fetch){.d = pl->s[i].d};
    }
    if (rc || b->n < 2) {
        b->n = 0;
        return rc;
    }
    struct collect_opt o = beside_options(pl, run_id);
    progress_begin("collect", "side by side");
    web_fetch_all(pl->p, b->f, b->n, pl->day, &o);
    progress_end();
    return rc;
}

int beside_result(struct beside *b, const struct pl_dataset *d, bool *fetched, struct err *e) {
    *fetched = false;
    for (size_t i = 0; b && i < b->n; i++) {
        if (b->f[i].d != d) continue;
        b->f[i].d = NULL; /* a retry of the stage tries again */
        *fetched = true;
        if (b->f[i].rc) *e = b->f[i].e;
        return b->f[i].rc;
    }
    return ERR_OK;
}

bool beside_isolate(struct beside *b, struct plan *pl, const struct plan_step *s, int rc, const struct err *e) {
    if (!s->d || !s->d->isolated || rc == ERR_STOPPED) return false;
    if (!b->out) b->out = arena_alloc(&pl->a, (pl->p->ndatasets + 1) * sizeof *b->out);
    b->out[b->nout++] = s->d;
    if (!b->rc) {
        b->rc = rc ? rc : ERR_NOINPUT;
        if (rc)
            b->e = *e;
        else
            err_set(&b->e, ERR_NOINPUT, "no record came");
    }
    log_warn("%s %s: %s; the other datasets go on without it", stage_name(s->stage), s->d->name,
             rc ? e->msg : "no record came");
    return true;
}

bool beside_is_out(const struct beside *b, const struct plan_step *s) {
    for (size_t i = 0; s->d && i < b->nout; i++)
        if (b->out[i] == s->d) return true;
    return false;
}

int beside_end(const struct beside *b, struct err *e) {
    struct buf names = {0};
    if (!b->rc) return ERR_OK;
    for (size_t i = 0; i < b->nout; i++) buf_fmt(&names, "%s%s", i ? ", " : "", b->out[i]->name);
    int rc = err_set(e, b->rc, "%s failed, the rest of the day was made without: %s", buf_text(&names), b->e.msg);
    buf_free(&names);
    return rc;
}

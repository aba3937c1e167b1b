/* Operations on the whole stream: from sorted entries to new records; see op.h and transform.c. */
#include "base/stop.h"
#include "transform/run.h"

#define HAND_OVER (256 << 10)

struct stream {
    struct trun *run;
    size_t at;
    struct tworker w;
    uint64_t emitted;
};

size_t stream_after(const struct trun *run, size_t at) {
    while (at < run->nops && !run->ops[at].op->kind->whole) at++;
    return at;
}

int stream_emit(struct stream *s, struct sv text, struct err *e) {
    struct tworker *w = &s->w;
    s->emitted++;
    if (s->at + 1 == s->run->nops) {
        buf_sv(&w->text, text);
        buf_chr(&w->text, '\n');
        w->rows++;
    } else {
        struct jerr je;
        w->toks.n = 0;
        if (!json_scan(&w->toks, text.p, text.n, 0, &je))
            return err_set(e, ERR_INTERNAL, "%s made a record that is no JSON: %s", s->run->ops[s->at].op->kind->name,
                           je.what);
        struct trec r = {.a = &w->a};
        arena_reset(&w->a);
        trec_read(&r, (struct jval){text.p, w->toks.t, 0});
        worker_record(w, s->at + 1, &r);
        if (w->fault[0]) return err_set(e, ERR_DATA, "%s", w->fault);
    }
    if (w->text.n < HAND_OVER) return ERR_OK;
    int rc = stop_check(e);
    return rc ? rc : worker_hand_over(s->run, w, e);
}

int stream_run(struct trun *run, size_t at, struct err *e) {
    const struct top *o = &run->ops[at];
    struct stream s = {.run = run, .at = at, .w = {.run = run, .end = stream_after(run, at + 1)}};
    worker_reset(&s.w);
    int rc = runs_finish(run->sorting[at], e);
    if (rc == ERR_OK) rc = o->op->kind->whole->unpack(&s, o->args, run->sorting[at], e);
    if (rc == ERR_OK) rc = worker_hand_over(run, &s.w, e);
    uint64_t came = runs_count(run->sorting[at]);
    if (came > s.emitted)
        run->st->merged += came - s.emitted;
    else
        run->st->made += s.emitted - came;
    worker_free(&s.w);
    runs_free(run->sorting[at]);
    run->sorting[at] = NULL;
    return rc;
}

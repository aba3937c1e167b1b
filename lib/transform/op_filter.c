/* keep and drop: records by conditions, dropped ones counted by reason. */
#include "transform/op.h"

struct filter_args {
    struct pl_when when;
    struct svs missing;
};

const void *parse_filter(struct op_parse *c) {
    struct filter_args *f = arena_alloc(c->a, sizeof *f);
    f->when = get_when(c->a, c->v);
    f->missing = get_svs(c, "missing");
    return f;
}

static bool holds(const struct filter_args *f, const struct trec *r) {
    if (f->missing.n) {
        bool any = false;
        for (size_t i = 0; i < f->missing.n && !any; i++) any = trec_missing(r, f->missing.s[i]);
        if (!any) return false;
    }
    return when_holds(&f->when, r);
}

enum op_verdict apply_keep(struct tworker *w, const struct top *o, struct trec *r) {
    (void)w;
    return holds(o->args, r) ? OP_NEXT : OP_DROP;
}

enum op_verdict apply_drop(struct tworker *w, const struct top *o, struct trec *r) {
    (void)w;
    return holds(o->args, r) ? OP_DROP : OP_NEXT;
}

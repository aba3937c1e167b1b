/* keep and drop: records by conditions, dropped ones counted by reason. */
#include "transform/expr.h"
#include "transform/regex.h"

struct filter_args {
    struct pl_when when;
    struct svs missing;
    const struct expr *test; /* "if"; NULL none */
    struct svs matching;     /* fields ... */
    struct rx **re;          /* ... and the patterns that they match */
};

const void *parse_filter(struct op_parse *c) {
    struct filter_args *f = arena_alloc(c->a, sizeof *f);
    struct jval v, k, e;
    f->when = get_when(c->a, c->v);
    f->missing = get_svs(c, "missing");
    if (get_val(c->v, "if", &v)) f->test = expr_parse(c, jv_str(v, c->a, NULL), v);
    if (!get_val(c->v, "matches", &v) || jv_type(v) != JT_OBJ) return f;
    f->matching.s = arena_alloc(c->a, (jv_tok(v)->n + 1) * sizeof *f->matching.s);
    f->re = arena_alloc(c->a, (jv_tok(v)->n + 1) * sizeof(struct rx *));
    for (uint32_t pos = 0; jv_each(v, &pos, &k, &e);) {
        f->matching.s[f->matching.n] = sv_of(jv_str(k, c->a, NULL));
        if ((f->re[f->matching.n] = rx_new(c, jv_str(e, c->a, NULL), e))) f->matching.n++;
    }
    return f;
}

static bool holds(const struct filter_args *f, const struct trec *r) {
    if (f->missing.n) {
        bool any = false;
        for (size_t i = 0; i < f->missing.n && !any; i++) any = trec_missing(r, f->missing.s[i]);
        if (!any) return false;
    }
    double x;
    if (f->test && !(expr_value(f->test, r, &x) && x != 0)) return false;
    for (size_t i = 0; i < f->matching.n; i++) {
        struct rx_match m;
        if (!rx_find(f->re[i], trec_text(r, f->matching.s[i]), 0, r->a, &m)) return false;
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

/* compute: fields by arithmetic; see expr.h. */
#include "transform/expr.h"

struct compute {
    struct svs fields;
    const struct expr **x;
};

const void *parse_compute(struct op_parse *c) {
    struct compute *m = arena_alloc(c->a, sizeof *m);
    struct jval v, k, e;
    if (!get_val(c->v, "fields", &v) || jv_type(v) != JT_OBJ) return m;
    m->fields.s = arena_alloc(c->a, (jv_tok(v)->n + 1) * sizeof *m->fields.s);
    m->x = arena_alloc(c->a, (jv_tok(v)->n + 1) * sizeof(struct expr *));
    for (uint32_t pos = 0; jv_each(v, &pos, &k, &e);) {
        m->fields.s[m->fields.n] = sv_of(jv_str(k, c->a, NULL));
        m->x[m->fields.n++] = expr_parse(c, jv_str(e, c->a, NULL), e);
    }
    return m;
}

enum op_verdict apply_compute(struct tworker *w, const struct top *o, struct trec *r) {
    const struct compute *m = o->args;
    double x;
    (void)w;
    for (size_t i = 0; i < m->fields.n; i++)
        trec_set(r, m->fields.s[i], expr_value(m->x[i], r, &x) ? value_of_double(x, r->a) : SV("null"));
    return OP_NEXT;
}

/* The steps of a dataset; see define.c. Each operation reads its own words: see op.h. */
#include "base/hash.h"
#include "pipeline/op.h"
#include "pipeline/pipeline_impl.h"

const struct op_kind *op_find(struct sv name) {
    for (size_t i = 0; i < op_kinds_n; i++)
        if (sv_is(name, op_kinds[i].name)) return &op_kinds[i];
    return NULL;
}

static void define_op(struct pl_op *op, struct op_parse *c) {
    struct jval x;
    if (!get_val(c->v, "op", &x) || !(op->kind = op_find(jv_raw(x)))) {
        op->kind = &op_kinds[0]; /* a mistake of shape that has been told */
        return;
    }
    if (!op->kind->own_when) op->when = get_when(c->a, c->v);
    op->reason = get_str(c->a, c->v, "reason", NULL);
    op->args = op->kind->parse(c);
}

static void define_step(struct pipeline *p, struct pl_step *s, struct jval v, struct mistakes *m) {
    struct jval list;
    struct sha256 h;
    s->name = get_str(&p->a, v, "name", "");
    sha256_start(&h);
    digest_value(&h, v);
    if (get_val(v, "do", &list) && jv_type(list) == JT_ARR) {
        uint32_t at = 0;
        s->ops = arena_alloc(&p->a, (jv_tok(list)->n + 1) * sizeof *s->ops);
        for (struct jval o; jv_each(list, &at, NULL, &o);)
            define_op(&s->ops[s->nops++], &(struct op_parse){p, &p->a, o, m, &h});
    }
    sha256_hex(&h, s->digest);
}

void define_steps(struct pipeline *p, struct pl_dataset *d, struct jval v, struct mistakes *m) {
    uint32_t pos = 0;
    d->steps = arena_alloc(&p->a, (jv_tok(v)->n + 1) * sizeof *d->steps);
    for (struct jval e; jv_each(v, &pos, NULL, &e);) {
        struct pl_step *s = &d->steps[d->nsteps++];
        define_step(p, s, e, m);
        for (size_t i = 0; i + 1 < d->nsteps; i++)
            if (strcmp(d->steps[i].name, s->name) == 0)
                mistake_at(m, offset_of(e), "step '%s' of dataset %s is defined twice", s->name, d->name);
    }
}

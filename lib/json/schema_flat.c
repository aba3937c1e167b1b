/*
 * See schema_node.h: what makes the walk cheap, once all nodes are linked: leaves, the flat programs of objects,
 * settled sets. Nothing here changes a result.
 */
#include "json/schema_build.h"

#define LEVELS_MAX 8
#define NODES_MAX 256 /* in one program */
#define PROPS_MAX 4096
#define ENTRIES_MAX 1000000 /* in all programs of a schema: an allOf copies what it refers to */

/* Narrow the range by a limit; false when it is none of a machine's integers. */
static bool narrow(struct leaf *l, const struct op *op) {
    if (!op->limit->small) return false;
    int64_t x = op->limit->i; /* 18 digits: one more or less fits too */
    if (op->code == OP_EXMIN) x++;
    if (op->code == OP_EXMAX) x--;
    bool low = op->code == OP_MIN || op->code == OP_EXMIN;
    if (low && x > l->min) l->min = x;
    if (!low && x < l->max) l->max = x;
    return true;
}

static struct leaf leaf_of(const struct node *n) {
    struct leaf l = {.on = n->on, .min = INT64_MIN, .max = INT64_MAX};
    const struct op *text = NULL;
    uint32_t texts = 0, ranges = 0, others = 0;
    for (uint32_t k = 0; k < n->nops; k++) {
        const struct op *op = &n->ops[k];
        if (op->on & T_STR) text = op, texts++;
        if (!(op->on & T_INT)) continue;
        bool limit = op->code >= OP_MAX && op->code <= OP_EXMIN;
        *(limit && narrow(&l, op) ? &ranges : &others) += 1;
    }
    if (texts == 1 && (text->code == OP_CONST || text->code == OP_ENUM))
        return (struct leaf){.on = n->on, .bit = T_STR, .kind = LEAF_STRINGS, .strings = &text->values->strings};
    if (texts == 1 && text->code == OP_PATTERN)
        return (struct leaf){.on = n->on, .bit = T_STR, .kind = LEAF_PATTERN, .pattern = text->pattern};
    l.kind = LEAF_RANGE;
    l.bit = ranges && !others ? T_INT : 0;
    return l;
}

/* ---- flat programs ---- */

struct plan {
    uint32_t nrequired, nprops, nodes;
    struct flat *into; /* NULL: only count */
};

static void add_required(struct plan *p, const struct list *gids) {
    for (uint32_t k = 0; k < gids->n; k++, p->nrequired++)
        if (p->into) p->into->required[p->nrequired] = gids->of[k];
}

static void add_props(struct plan *p, const struct props *props) {
    for (uint32_t k = 0; k < props->n; k++) {
        if (!props->of[k].leaf.on) continue; /* asks nothing */
        if (p->into) p->into->of[p->nprops] = props->of[k];
        p->nprops++;
    }
}

/* False when the node asks something of an object that has no place in a program. */
static bool plan_node(const struct schema *s, uint32_t node, int level, struct plan *p) {
    const struct node *n = &s->nodes[node];
    if (level == LEVELS_MAX || p->nodes > NODES_MAX || (level && p->nprops > PROPS_MAX)) return false;
    for (uint32_t j = 0; j < n->nops; j++) {
        const struct op *op = &n->ops[j];
        if (!(op->on & T_OBJ)) continue;
        if (op->code == OP_REQUIRED)
            add_required(p, op->list);
        else if (op->code == OP_PROPS)
            add_props(p, op->props);
        else if (op->code != OP_ALLOF)
            return false;
        for (uint32_t k = 0; op->code == OP_ALLOF && k < op->list->n; k++, p->nodes++)
            if (!plan_node(s, op->list->of[k], level + 1, p)) return false;
    }
    return true;
}

static const struct flat *flat_of(struct schema *s, uint32_t node, uint64_t *entries) {
    struct plan p = {0};
    if (!(s->nodes[node].on & T_OBJ) || !plan_node(s, node, 0, &p)) return NULL;
    *entries += (uint64_t)p.nrequired + p.nprops;
    if (*entries > ENTRIES_MAX) return NULL;
    struct flat *f = arena_alloc(&s->a, sizeof *f);
    f->required = arena_alloc(&s->a, p.nrequired * sizeof *f->required);
    f->of = arena_alloc(&s->a, p.nprops * sizeof *f->of);
    p = (struct plan){.into = f};
    plan_node(s, node, 0, &p);
    f->nrequired = p.nrequired;
    f->n = p.nprops;
    f->nodes = p.nodes;
    return f;
}

static void settle_op(struct schema *s, struct op *op) {
    if (op->code == OP_CONST || op->code == OP_ENUM) schema_set_settle(&op->values->strings, &s->a);
    if (op->code == OP_PROPS)
        for (uint32_t k = 0; k < op->props->n; k++) op->props->of[k].leaf = leaf_of(&s->nodes[op->props->of[k].node]);
}

void schema_flat_build(struct schema *s) {
    for (uint32_t k = 0; k < s->nnodes; k++)
        for (uint32_t j = 0; j < s->nodes[k].nops; j++) settle_op(s, &s->nodes[k].ops[j]);
    uint64_t entries = 0;
    for (uint32_t k = 0; k < s->nnodes && entries <= ENTRIES_MAX; k++) s->nodes[k].flat = flat_of(s, k, &entries);
    schema_set_settle(&s->names, &s->a);
}

/*
 * See schema_build.h: once all nodes are there. Whoever points to a $ref is
 * made to point to what it leads to in the end, so a $ref costs nothing while
 * validating; additionalProperties learns what its neighbours declare.
 */
#include "json/schema_build.h"

/* Where a chain of $refs ends. A chain that comes back to itself ends in a node that always fails. */
static uint32_t target_of(struct schema *s, uint32_t node) {
    uint32_t at = node, steps = 0;
    while (s->nodes[at].ref != NONE && steps++ <= s->nnodes) at = s->nodes[at].ref;
    if (s->nodes[at].ref != NONE) {
        struct op *op = arena_alloc(&s->a, sizeof *op);
        *op = (struct op){.code = OP_LOOP, .on = T_ANY, .tok = s->nodes[at].tok};
        s->nodes[at].ops = op;
        s->nodes[at].nops = 1;
        s->nodes[at].on = T_ANY;
        s->nodes[at].ref = NONE;
    }
    while (s->nodes[node].ref != NONE) { /* the next one who asks is told at once */
        uint32_t next = s->nodes[node].ref;
        if (next == at) break;
        s->nodes[node].ref = at;
        node = next;
    }
    return at;
}

static void relink(struct schema *s, uint32_t *node) {
    if (*node != NONE) *node = target_of(s, *node);
}

static void relink_list(struct schema *s, struct list *l) {
    for (uint32_t k = 0; k < l->n; k++) relink(s, &l->of[k]);
}

static void relink_op(struct schema *s, struct op *op) {
    switch (op->code) {
    case OP_ITEMS:
    case OP_CONTAINS:
    case OP_NAMES:
    case OP_NOT:
        relink(s, &op->node);
        break;
    case OP_TUPLE:
    case OP_ALLOF:
        relink_list(s, op->list);
        break;
    case OP_MOREITEMS:
        relink(s, &op->more.node);
        break;
    case OP_PROPS:
        for (uint32_t k = 0; k < op->props->n; k++) relink(s, &op->props->of[k].node);
        break;
    case OP_PATPROPS:
        for (uint32_t k = 0; k < op->patprops->n; k++) relink(s, &op->patprops->of[k].node);
        break;
    case OP_MOREPROPS:
        relink(s, &op->moreprops->node);
        break;
    case OP_DEPS:
        for (uint32_t k = 0; k < op->deps->n; k++) relink(s, &op->deps->of[k].node);
        break;
    case OP_IF:
        relink(s, &op->condition->test);
        relink(s, &op->condition->then);
        relink(s, &op->condition->other);
        break;
    case OP_ANYOF:
    case OP_ONEOF:
        relink_list(s, &op->branches->list);
        break;
    default:
        break;
    }
}

static void learn_neighbours(struct schema *s, const struct node *n, struct moreprops *more) {
    uint64_t *known = arena_alloc(&s->a, ((size_t)s->nnames / 64 + 1) * sizeof *known);
    for (uint32_t k = 0; k < n->nops; k++) {
        const struct op *op = &n->ops[k];
        if (op->code == OP_PATPROPS) more->patterns = op->patprops;
        if (op->code != OP_PROPS) continue;
        more->props = op->props;
        for (uint32_t j = 0; j < op->props->n; j++) {
            uint32_t gid = op->props->of[j].gid;
            known[gid / 64] |= (uint64_t)1 << (gid % 64);
        }
    }
    more->known = known;
}

void schema_link_nodes(struct build *b) {
    struct schema *s = b->s;
    uint32_t n = s->nnodes;
    for (uint32_t k = 0; k < n; k++)
        for (uint32_t j = 0; j < s->nodes[k].nops; j++) {
            struct op *op = &s->nodes[k].ops[j];
            relink_op(s, op);
            if (op->code == OP_MOREPROPS) learn_neighbours(s, &s->nodes[k], op->moreprops);
        }
    relink(s, &s->root);
    for (uint32_t k = 0; k < n; k++)
        for (uint32_t j = 0; j < s->nodes[k].nops; j++) {
            const struct op *op = &s->nodes[k].ops[j];
            if (op->code == OP_ANYOF || op->code == OP_ONEOF)
                op->branches->pick = schema_pick_build(s, &op->branches->list);
        }
    schema_flat_build(s);
}

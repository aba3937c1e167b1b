/*
 * See schema_check.h: if, allOf, anyOf, oneOf, not.
 *
 * When no branch of anyOf or oneOf conforms, the breaches of the nearest one
 * are kept behind the breach of the keyword itself. Nearest is the branch whose
 * const or enum names the value of the telling property (schema_pick.c), else
 * one whose type is that of the value, else the one with the fewest breaches,
 * among equals the one that got deepest into the instance.
 */
#include "json/schema_check.h"

#define WEIGH_MIN 32 /* breaches counted per branch, even if fewer are asked for */

bool schema_check_if(struct checker *c, const struct node *n, const struct op *op, struct here *h) {
    (void)n;
    bool test = schema_check_quietly(c, op->condition->test, h);
    uint32_t then = test ? op->condition->then : op->condition->other;
    return c->gave_up ? false : then == NONE || schema_check_node(c, then, h);
}

bool schema_check_all(struct checker *c, const struct node *n, const struct op *op, struct here *h) {
    (void)n;
    bool ok = true;
    for (uint32_t k = 0; k < op->list->n; k++) {
        if (schema_check_node(c, op->list->of[k], h)) continue;
        ok = false;
        if (schema_check_stop(c)) break;
    }
    return ok;
}

bool schema_check_not(struct checker *c, const struct node *n, const struct op *op, struct here *h) {
    if (!schema_check_quietly(c, op->node, h)) return !c->gave_up;
    return schema_check_broken(c, n, op, (struct breach){.at = h->i});
}

/* The branches that may conform. Branches beyond 64 have no picker, and bit 63 is never asked alone. */
static uint64_t candidates(struct checker *c, const struct op *op, struct here *h) {
    const struct picker *p = op->branches->pick;
    if (!p || h->bit != T_OBJ) return UINT64_MAX;
    uint32_t key = schema_check_member(c, h, p->gid);
    if (!key || c->t[key + 1].type != JT_STR) return UINT64_MAX;
    uint32_t k = schema_check_find(c, &p->strings, key + 1);
    return k == NONE ? p->rest : p->masks[k];
}

static bool in_mask(const struct op *op, uint64_t mask, uint32_t branch) {
    return !op->branches->pick || (mask >> branch & 1);
}

static uint32_t depth_of(const struct checker *c, uint32_t at) {
    uint32_t depth = 0, i = c->root;
    while (i < at) { /* the child that holds `at` */
        uint32_t k = i + 1;
        while (k < at && c->t[k].next <= at) k = c->t[k].next;
        i = k;
        depth++;
    }
    return depth;
}

static uint32_t deepest(const struct checker *c, size_t from, size_t to) {
    uint32_t most = 0;
    for (size_t k = from; k < to; k++) {
        uint32_t d = depth_of(c, c->sc->breaches[k].at);
        if (d > most) most = d;
    }
    return most;
}

/* Did the value itself have a wrong type? */
static bool is_misfit(const struct checker *c, size_t from, size_t to, uint32_t at) {
    for (size_t k = from; k < to; k++)
        if (c->sc->breaches[k].op->code == OP_TYPE && c->sc->breaches[k].at == at) return true;
    return false;
}

/* Collect the breaches of the nearest branch behind what is there. */
static void collect_nearest(struct checker *c, const struct op *op, uint64_t mask, struct here *h) {
    struct scratch *sc = c->sc;
    size_t limit = c->limit, start = sc->nbreaches, weigh = limit > WEIGH_MIN ? limit : WEIGH_MIN, best = 0;
    uint32_t best_depth = 0, fit = 0;
    bool best_misfit = false,
         none = op->branches->pick &&
                (mask & (op->branches->list.n == 64 ? UINT64_MAX : ((uint64_t)1 << op->branches->list.n) - 1)) == 0;
    for (uint32_t k = 0; k < op->branches->list.n && !c->gave_up; k++) {
        if (!none && !in_mask(op, mask, k)) continue; /* no branch has this value: then all are weighed */
        size_t from = sc->nbreaches;
        c->limit = from + weigh;
        schema_check_node(c, op->branches->list.of[k], h);
        size_t n = sc->nbreaches - from;
        uint32_t depth = deepest(c, from, sc->nbreaches);
        bool misfit = is_misfit(c, from, sc->nbreaches, h->i);
        bool nearer = misfit != best_misfit ? best_misfit : n < best || (n == best && depth > best_depth);
        fit += !misfit;
        if (n && (best == 0 || nearer)) {
            best_misfit = misfit;
            memmove(sc->breaches + start, sc->breaches + from, n * sizeof *sc->breaches);
            best = n;
            best_depth = depth;
            sc->breaches[start - 1].within = &c->s->nodes[op->branches->list.of[k]];
            sc->breaches[start - 1].a = k + 1;
        }
        sc->nbreaches = start + best;
    }
    c->limit = limit;
    if (sc->nbreaches > limit) sc->nbreaches = limit;
    sc->breaches[start - 1].behind = (uint32_t)(sc->nbreaches - start);
    sc->breaches[start - 1].fit = fit;
}

static bool none_conforms(struct checker *c, const struct node *n, const struct op *op, uint64_t mask, struct here *h) {
    schema_check_broken(c, n, op, (struct breach){.at = h->i});
    if (c->collect && c->sc->nbreaches < c->limit) collect_nearest(c, op, mask, h);
    return false;
}

bool schema_check_any(struct checker *c, const struct node *n, const struct op *op, struct here *h) {
    uint64_t mask = candidates(c, op, h);
    for (uint32_t k = 0; k < op->branches->list.n; k++) {
        if (!in_mask(op, mask, k)) continue;
        if (schema_check_quietly(c, op->branches->list.of[k], h)) return true;
        if (c->gave_up) return false;
    }
    return none_conforms(c, n, op, mask, h);
}

bool schema_check_one(struct checker *c, const struct node *n, const struct op *op, struct here *h) {
    uint64_t mask = candidates(c, op, h);
    uint32_t first = NONE;
    for (uint32_t k = 0; k < op->branches->list.n; k++) {
        if (!in_mask(op, mask, k)) continue;
        bool ok = schema_check_quietly(c, op->branches->list.of[k], h);
        if (c->gave_up) return false;
        if (ok && first != NONE)
            return schema_check_broken(c, n, op, (struct breach){.at = h->i, .a = first + 1, .b = k + 1});
        if (ok) first = k;
    }
    return first != NONE || none_conforms(c, n, op, mask, h);
}

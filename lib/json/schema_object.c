/*
 * See schema_check.h: objects. The first keyword that asks for a member lays
 * the object out on the scratch stack, once for all nodes that look at it:
 *
 *   {"b":1,"x":2,"b":3}, gids a=0 b=1   ->   [0, key of the last b] [1, NONE, 1]
 *
 * Of a key that occurs twice the last counts, as in jv_get.
 */
#include "json/schema_check.h"

static bool at_fault(struct checker *c, const struct node *n, const struct op *op, const struct here *h) {
    return schema_check_broken(c, n, op, (struct breach){.at = h->i});
}

static void lay_out(struct checker *c, struct here *h) {
    struct scratch *sc = c->sc;
    const struct jtok *o = &c->t[h->i];
    const struct strset set = c->s->names; /* a copy: nothing that is written here changes it */
    size_t names = c->s->nnames, need = sc->n + names + o->n;
    if (need >= sc->cap) { /* also the first time, when nothing is needed */
        sc->cap = need * 2 + 64;
        sc->stack = mem_grow(sc->stack, sc->cap * sizeof *sc->stack);
    }
    uint32_t *slot = sc->stack + sc->n, *gids = slot + names;
    if (names) memset(slot, 0, names * sizeof *slot);
    for (uint32_t k = h->i + 1, end = o->next; k < end; k = c->t[k + 1].next) {
        uint32_t gid = schema_check_find(c, &set, k);
        *gids++ = gid;
        if (gid != NONE) slot[gid] = k;
    }
    h->base = (uint32_t)sc->n;
    sc->n = need;
}

/* Its slots; good until another object is laid out. */
static inline const uint32_t *slots_of(struct checker *c, struct here *h) {
    if (h->base == NONE) lay_out(c, h);
    return c->sc->stack + h->base;
}

uint32_t schema_check_member(struct checker *c, struct here *h, uint32_t gid) {
    return slots_of(c, h)[gid];
}

bool schema_check_max_props(struct checker *c, const struct node *n, const struct op *op, struct here *h) {
    return c->t[h->i].n <= op->n || at_fault(c, n, op, h);
}
bool schema_check_min_props(struct checker *c, const struct node *n, const struct op *op, struct here *h) {
    return c->t[h->i].n >= op->n || at_fault(c, n, op, h);
}

bool schema_check_required(struct checker *c, const struct node *n, const struct op *op, struct here *h) {
    bool ok = true;
    for (uint32_t k = 0; k < op->list->n; k++) {
        if (schema_check_member(c, h, op->list->of[k])) continue;
        ok = schema_check_broken(c, n, op, (struct breach){.at = h->i, .a = op->list->of[k]});
        if (schema_check_stop(c)) break;
    }
    return ok;
}

/* Is the value surely what the property asks for? False: see the node. */
static inline bool leaf_passes(struct checker *c, const struct leaf *l, uint32_t i) {
    int64_t x;
    c->steps++; /* as the node would */
    switch (l->kind) {
    case LEAF_STRINGS:
        return schema_check_find(c, l->strings, i) != NONE;
    case LEAF_PATTERN:
        return !(c->t[i].flags & JF_ESC) &&
               pattern_match(l->pattern, c->text + c->t[i].off, c->t[i].len, c->sc->room) == PATTERN_YES;
    case LEAF_RANGE:
        return schema_check_small_int(c, i, &x) && x >= l->min && x <= l->max;
    }
    return false;
}

static inline bool property_conforms(struct checker *c, const struct prop *p, uint32_t i) {
    uint8_t bit = schema_check_type(c, i);
    if (!(p->leaf.on & bit) || (p->leaf.bit == bit && leaf_passes(c, &p->leaf, i))) return true;
    return schema_check_value(c, p->node, i);
}

bool schema_check_props(struct checker *c, const struct node *n, const struct op *op, struct here *h) {
    (void)n;
    bool ok = true;
    for (const struct prop *p = op->props->of, *end = p + op->props->n; p < end; p++) {
        uint32_t key = slots_of(c, h)[p->gid];
        if (!key || property_conforms(c, p, key + 1)) continue;
        ok = false;
        if (schema_check_stop(c)) break;
    }
    return ok;
}

bool schema_check_flat(struct checker *c, const struct flat *f, struct here *h) {
    const uint32_t *slot = slots_of(c, h);
    for (uint32_t k = 0; k < f->nrequired; k++)
        if (!slot[f->required[k]]) return false;
    c->steps += f->nodes;
    for (const struct prop *p = f->of, *end = p + f->n; p < end; p++) {
        uint32_t key = slot[p->gid];
        if (!key) continue;
        if (!property_conforms(c, p, key + 1)) return false;
        slot = c->sc->stack + h->base; /* it may have moved */
    }
    return true;
}

bool schema_check_patprops(struct checker *c, const struct node *n, const struct op *op, struct here *h) {
    bool ok = true;
    for (uint32_t j = 0; j < op->patprops->n; j++) {
        const struct patprop *p = &op->patprops->of[j];
        for (uint32_t k = h->i + 1, end = c->t[h->i].next; k < end; k = c->t[k + 1].next) {
            if (schema_check_pattern(c, n, op, p->pattern, k) && !schema_check_value(c, p->node, k + 1)) ok = false;
            if (c->gave_up || (!ok && schema_check_stop(c))) return false;
        }
    }
    return ok;
}

/* Does additionalProperties leave this member to its neighbours? */
static bool is_declared(struct checker *c, const struct node *n, const struct op *op, uint32_t gid, uint32_t key) {
    const struct moreprops *more = op->moreprops;
    if (gid != NONE && (more->known[gid / 64] >> (gid % 64) & 1)) return true;
    for (uint32_t j = 0; more->patterns && j < more->patterns->n; j++)
        if (schema_check_pattern(c, n, op, more->patterns->of[j].pattern, key)) return true;
    return false;
}

bool schema_check_more_props(struct checker *c, const struct node *n, const struct op *op, struct here *h) {
    bool ok = true;
    slots_of(c, h);
    size_t gids = h->base + c->s->nnames;
    for (uint32_t k = h->i + 1, end = c->t[h->i].next; k < end; k = c->t[k + 1].next) {
        if (is_declared(c, n, op, c->sc->stack[gids++], k)) continue;
        if (op->moreprops->closed)
            ok = schema_check_broken(c, n, op, (struct breach){.at = h->i, .key = k});
        else if (!schema_check_value(c, op->moreprops->node, k + 1))
            ok = false;
        if (c->gave_up || (!ok && schema_check_stop(c))) return false;
    }
    return ok;
}

/* A key that breaks propertyNames is one breach; what it broke in there is kept as the cause. */
bool schema_check_names(struct checker *c, const struct node *n, const struct op *op, struct here *h) {
    bool ok = true;
    for (uint32_t k = h->i + 1, end = c->t[h->i].next; k < end; k = c->t[k + 1].next) {
        size_t before = c->sc->nbreaches;
        if (schema_check_value(c, op->node, k)) continue;
        ok = false;
        struct breach x = {.at = h->i, .key = k};
        if (c->sc->nbreaches > before) {
            x.within = c->sc->breaches[before].node;
            x.cause = c->sc->breaches[before].op;
            c->sc->nbreaches = before;
        }
        schema_check_broken(c, n, op, x);
        if (schema_check_stop(c)) break;
    }
    return ok;
}

bool schema_check_deps(struct checker *c, const struct node *n, const struct op *op, struct here *h) {
    bool ok = true;
    for (uint32_t j = 0; j < op->deps->n; j++) {
        const struct dep *d = &op->deps->of[j];
        uint32_t key = schema_check_member(c, h, d->gid);
        if (!key) continue;
        if (d->node != NONE && !schema_check_node(c, d->node, h)) ok = false;
        for (uint32_t k = 0; k < d->needs.n; k++) {
            if (schema_check_member(c, h, d->needs.of[k])) continue;
            ok = schema_check_broken(c, n, op, (struct breach){.at = h->i, .key = key, .a = d->needs.of[k]});
        }
        if (!ok && schema_check_stop(c)) break;
    }
    return ok;
}

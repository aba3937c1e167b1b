/* See schema_check.h: arrays. */
#include "json/schema_check.h"

#define FEW 12 /* elements compared each with each */

static bool at_fault(struct checker *c, const struct node *n, const struct op *op, const struct here *h) {
    return schema_check_broken(c, n, op, (struct breach){.at = h->i});
}

/* Elements from number `from` on, all against one node. */
static bool check_rest(struct checker *c, uint32_t node, uint32_t i, uint32_t from) {
    bool ok = true;
    uint32_t end = c->t[i].next, k = i + 1;
    while (from-- > 0 && k < end) k = c->t[k].next;
    for (; k < end; k = c->t[k].next) {
        if (schema_check_value(c, node, k)) continue;
        ok = false;
        if (schema_check_stop(c)) break;
    }
    return ok;
}

bool schema_check_items(struct checker *c, const struct node *n, const struct op *op, struct here *h) {
    (void)n;
    return check_rest(c, op->node, h->i, 0);
}

bool schema_check_more_items(struct checker *c, const struct node *n, const struct op *op, struct here *h) {
    (void)n;
    return check_rest(c, op->more.node, h->i, op->more.from);
}

bool schema_check_tuple(struct checker *c, const struct node *n, const struct op *op, struct here *h) {
    (void)n;
    bool ok = true;
    uint32_t end = c->t[h->i].next, k = h->i + 1;
    for (uint32_t j = 0; j < op->list->n && k < end; j++, k = c->t[k].next) {
        if (schema_check_value(c, op->list->of[j], k)) continue;
        ok = false;
        if (schema_check_stop(c)) break;
    }
    return ok;
}

bool schema_check_max_items(struct checker *c, const struct node *n, const struct op *op, struct here *h) {
    return c->t[h->i].n <= op->n || at_fault(c, n, op, h);
}
bool schema_check_min_items(struct checker *c, const struct node *n, const struct op *op, struct here *h) {
    return c->t[h->i].n >= op->n || at_fault(c, n, op, h);
}

bool schema_check_contains(struct checker *c, const struct node *n, const struct op *op, struct here *h) {
    for (uint32_t k = h->i + 1, end = c->t[h->i].next; k < end; k = c->t[k].next) {
        bool collect = c->collect;
        c->collect = false;
        bool ok = schema_check_value(c, op->node, k);
        c->collect = collect;
        if (ok) return true;
        if (c->gave_up) return false;
    }
    return at_fault(c, n, op, h);
}

/* ---- uniqueItems ---- */

static bool twins(struct checker *c, const struct node *n, const struct op *op, const struct here *h, uint32_t a,
                  uint32_t b) {
    return schema_check_broken(c, n, op, (struct breach){.at = h->i, .a = a < b ? a : b, .b = a < b ? b : a});
}

static bool unique_few(struct checker *c, const struct node *n, const struct op *op, const struct here *h) {
    uint32_t end = c->t[h->i].next;
    for (uint32_t a = h->i + 1; a < end; a = c->t[a].next)
        for (uint32_t b = c->t[a].next; b < end; b = c->t[b].next)
            if (schema_value_equal(schema_check_val(c, a), schema_check_val(c, b))) return twins(c, n, op, h, a, b);
    return true;
}

static int by_hash(const void *x, const void *y) {
    uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;
    return (a > b) - (a < b);
}

/* Sorted by hash, equal elements stand together. */
static bool unique_many(struct checker *c, const struct node *n, const struct op *op, const struct here *h) {
    struct scratch *sc = c->sc;
    size_t m = 0, count = c->t[h->i].n;
    if (sc->cap_items < count) {
        sc->items = mem_grow(sc->items, count * sizeof *sc->items);
        sc->cap_items = count;
    }
    for (uint32_t k = h->i + 1, end = c->t[h->i].next; k < end; k = c->t[k].next, m++) {
        sc->items[m].hash = schema_value_hash(schema_check_val(c, k));
        sc->items[m].tok = k;
    }
    qsort(sc->items, m, sizeof *sc->items, by_hash);
    for (size_t a = 0; a < m; a++)
        for (size_t b = a + 1; b < m && sc->items[b].hash == sc->items[a].hash; b++)
            if (schema_value_equal(schema_check_val(c, sc->items[a].tok), schema_check_val(c, sc->items[b].tok)))
                return twins(c, n, op, h, sc->items[a].tok, sc->items[b].tok);
    return true;
}

bool schema_check_unique(struct checker *c, const struct node *n, const struct op *op, struct here *h) {
    return c->t[h->i].n <= FEW ? unique_few(c, n, op, h) : unique_many(c, n, op, h);
}

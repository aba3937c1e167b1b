/* See schema_set.h: the part that grows. */
#include "json/schema_set.h"

static void put(struct strset *s, struct strset_slot x) {
    uint32_t k = x.hash & s->mask;
    while (s->slots[k].p) k = (k + 1) & s->mask;
    s->slots[k] = x;
}

static void grow(struct strset *s, struct arena *a) {
    struct strset old = *s;
    uint32_t size = old.slots ? (old.mask + 1) * 2 : 8;
    s->slots = arena_alloc(a, size * sizeof *s->slots);
    s->mask = size - 1;
    for (uint32_t k = 0; old.slots && k <= old.mask; k++)
        if (old.slots[k].p) put(s, old.slots[k]);
}

bool schema_set_add(struct strset *s, struct arena *a, struct sv key, uint32_t value) {
    if (schema_set_find(s, key) != UINT32_MAX) return false;
    if (!s->slots || s->n * 2 >= s->mask + 1) grow(s, a);
    put(s, (struct strset_slot){key.n ? key.p : "", (uint32_t)key.n, schema_set_hash(key.p, key.n), value});
    s->n++;
    return true;
}

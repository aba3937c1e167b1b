/* See schema_set.h: the part that grows. */
#include "json/schema_set.h"

#define SEEDS 64       /* tried for each size */
#define SETTLE_MAX 512 /* more strings do not come apart */
#define ROOM_MAX 16    /* slots for each string */

static uint32_t place(const struct strset *s, struct strset_key k) {
    if (k.n <= 16) return schema_set_place16(s, k);
    uint64_t h = k.a + k.b * 0x9E3779B97F4A7C15u + k.n;
    for (size_t i = 16; i < k.n; i += 8) {
        size_t rest = k.n - i;
        h = (h ^ h >> 31) * 0xFF51AFD7ED558CCDu + schema_set_load(k.p + i, rest < 8 ? rest : 8);
    }
    return (uint32_t)((unsigned __int128)h * s->seed >> 64) & s->mask;
}

uint32_t schema_set_find(const struct strset *s, struct sv string) {
    if (!s->n) return UINT32_MAX;
    struct strset_key key = schema_set_key(string);
    for (uint32_t k = place(s, key); s->slots[k].p; k = (k + 1) & s->mask) {
        const struct strset_slot *x = &s->slots[k];
        if (x->a == key.a && x->b == key.b && x->n == key.n &&
            (key.n <= 16 || memcmp(x->p + 16, key.p + 16, key.n - 16) == 0))
            return x->next_value - 1;
    }
    return UINT32_MAX;
}

static uint32_t put(struct strset *s, struct strset_slot x) { /* gives how many slots were taken */
    struct strset_key key = {x.a, x.b, x.p, x.n};
    uint32_t k = place(s, key), taken = 0;
    for (; s->slots[k].p; taken++) k = (k + 1) & s->mask;
    s->slots[k] = x;
    return taken;
}

/* The same strings in `size` slots, a power of two. */
static uint32_t place_all(struct strset *to, const struct strset *from) {
    uint32_t taken = 0;
    for (uint32_t k = 0; from->slots && k <= from->mask; k++)
        if (from->slots[k].p) taken += put(to, from->slots[k]);
    return taken;
}

static struct strset with_size(const struct strset *s, struct strset_slot *slots, uint32_t size, uint64_t seed) {
    return (struct strset){slots, seed, size - 1, s->n};
}

static void grow(struct strset *s, struct arena *a) {
    uint32_t size = s->slots ? (s->mask + 1) * 2 : 8;
    struct strset next = with_size(s, arena_alloc(a, size * sizeof *s->slots), size, 0xC4CEB9FE1A85EC53u);
    place_all(&next, s);
    *s = next;
}

bool schema_set_add(struct strset *s, struct arena *a, struct sv key, uint32_t value) {
    if (schema_set_find(s, key) != UINT32_MAX) return false;
    if (!s->slots || s->n * 2 >= s->mask + 1) grow(s, a);
    struct strset_key k = schema_set_key(key);
    put(s, (struct strset_slot){k.a, k.b, key.n ? key.p : "", (uint32_t)key.n, value + 1});
    s->n++;
    return true;
}

void schema_set_settle(struct strset *s, struct arena *a) {
    if (!s->n || s->n > SETTLE_MAX) return;
    uint64_t seed = s->seed;
    for (uint32_t size = s->mask + 1; size <= s->n * ROOM_MAX; size *= 2) {
        struct strset next = with_size(s, mem_alloc(size * sizeof *s->slots), size, seed);
        for (int k = 0; k < SEEDS; k++) {
            next.seed = seed = seed * 0x5851F42D4C957F2Du + 0x14057B7EF767814Eu;
            memset(next.slots, 0, size * sizeof *next.slots);
            if (place_all(&next, s) > 0) continue;
            struct strset_slot *kept = arena_alloc(a, size * sizeof *kept);
            memcpy(kept, next.slots, size * sizeof *kept);
            free(next.slots);
            next.slots = kept;
            *s = next;
            return;
        }
        free(next.slots);
    }
}

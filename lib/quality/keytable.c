/* See keytable.h. Groups of 16 with tags as in Abseil's "Swiss tables"; the index is the hash scaled to the number of
 * groups (Lemire, "Fast Random Integer Generation in an Interval"), so that any number of groups will do. */
#include "quality/keytable.h"

#include <pthread.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define GROUP 16
#define PAGE 4096
#define HUGE ((size_t)2 << 20)
/* With so much memory shards are few, and large enough for large pages; with less they are small, as is the scratch. */
#define LARGE ((size_t)64 << 20)
#define FEW 8

static uint64_t secret[3];
static pthread_once_t secret_once = PTHREAD_ONCE_INIT;

static void make_secret(void) {
    if (getrandom(secret, sizeof secret, GRND_NONBLOCK) == sizeof secret) return;
    /* a machine that has just started; what matters is only that no input can know it */
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    secret[0] = (uint64_t)ts.tv_nsec * 0x9e3779b97f4a7c15u ^ (uint64_t)getpid();
    secret[1] = (uint64_t)(uintptr_t)&ts * 0xd6e8feb86659fd93u;
    secret[2] = secret[0] ^ secret[1] << 1;
}

/* Multiply and fold, as wyhash does. */
static uint64_t mix(uint64_t a, uint64_t b) {
    unsigned __int128 m = (unsigned __int128)a * b;
    return (uint64_t)m ^ (uint64_t)(m >> 64);
}

uint64_t keytable_hash(struct key k) {
    uint64_t h = mix(k.w[0] ^ secret[0], k.w[1] ^ secret[1]);
    return mix(h ^ secret[2] ^ k.kind, 0x9e3779b97f4a7c15u);
}

void keytable_init(struct keytable *t, size_t payload, size_t memory) {
    pthread_once(&secret_once, make_secret);
    size_t n = memory >> 18;
    *t = (struct keytable){.slot = sizeof(struct kslot) + payload};
    t->group = GROUP + GROUP * t->slot;
    t->nshards = memory >= LARGE ? FEW : n < 1 ? 1 : (uint32_t)n;
    t->small = memory / t->nshards / 8;
    t->shards = mem_alloc(t->nshards * sizeof *t->shards);
}

void keytable_free(struct keytable *t) {
    for (uint32_t i = 0; i < t->nshards; i++)
        if (t->shards[i].mem) munmap(t->shards[i].room, t->shards[i].room_size);
    free(t->shards);
    free(t->scratch);
    *t = (struct keytable){0};
}

size_t keytable_cost(const struct keytable *t) {
    return (t->slot + 1) * 6 / 5; /* 15/16 full, less a step of 1/8 */
}

/* Bits of the 16 tags that equal this one; that are free. */
#ifdef __SSE2__
static inline unsigned tags_equal(const uint8_t *g, uint8_t tag) {
    __m128i v = _mm_loadu_si128((const __m128i *)(const void *)g);
    return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_set1_epi8((char)tag)));
}
static inline unsigned tags_free(const uint8_t *g) {
    return ~(unsigned)_mm_movemask_epi8(_mm_loadu_si128((const __m128i *)(const void *)g)) & 0xffff;
}
#else
static inline unsigned tags_equal(const uint8_t *g, uint8_t tag) {
    unsigned m = 0;
    for (unsigned i = 0; i < GROUP; i++) m |= (unsigned)(g[i] == tag) << i;
    return m;
}
static inline unsigned tags_free(const uint8_t *g) {
    return tags_equal(g, 0);
}
#endif

/* Shard, group and tag come from different bits of the hash. */
static inline struct kshard *shard_of(const struct keytable *t, uint64_t hash) {
    return &t->shards[(hash >> 56) * t->nshards >> 8];
}
static inline uint32_t group_of(const struct kshard *s, uint64_t hash) {
    return (uint32_t)(((hash >> 16 & 0xffffffff) * s->groups) >> 32);
}
static inline uint8_t tag_of(uint64_t hash) {
    return (uint8_t)(hash | 0x80);
}
static inline struct kslot *slot_at(const struct keytable *t, uint8_t *group, unsigned i) {
    return (struct kslot *)(void *)(group + GROUP + i * t->slot);
}

void keytable_prefetch_tags(const struct keytable *t, uint64_t hash) {
    const struct kshard *s = shard_of(t, hash);
    if (s->groups) __builtin_prefetch(s->mem + group_of(s, hash) * t->group, 1);
}

void keytable_prefetch_slot(const struct keytable *t, uint64_t hash) {
    const struct kshard *s = shard_of(t, hash);
    if (!s->groups) return;
    uint8_t *g = s->mem + group_of(s, hash) * t->group;
    unsigned m = tags_equal(g, tag_of(hash));
    if (!m) m = tags_free(g);
    if (!m) m = 1;
    struct kslot *k = slot_at(t, g, (unsigned)__builtin_ctz(m));
    __builtin_prefetch(k, 1);
    __builtin_prefetch((uint8_t *)k + t->slot - 1, 1);
}

/* Put a slot that is known to be new where it belongs. */
static void place(const struct keytable *t, struct kshard *s, uint64_t hash, const void *slot) {
    for (uint32_t g = group_of(s, hash);; g = g + 1 == s->groups ? 0 : g + 1) {
        uint8_t *p = s->mem + g * t->group;
        unsigned m = tags_free(p);
        if (!m) continue;
        unsigned i = (unsigned)__builtin_ctz(m);
        p[i] = tag_of(hash);
        memcpy(slot_at(t, p, i), slot, t->slot);
        return;
    }
}

/* Addresses for more than the shard will need, so that it can lie on large pages and need not move. */
static bool find_room(struct kshard *s, size_t bytes) {
    size_t size = (bytes > HUGE / 4 ? bytes * 4 : bytes) + HUGE;
    uint8_t *room = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (room == MAP_FAILED) return false;
    if (s->room) munmap(s->room, s->room_size);
    s->room = room;
    s->room_size = size;
    s->mem = (uint8_t *)(((uintptr_t)room + HUGE - 1) & ~(uintptr_t)(HUGE - 1));
    s->bytes = 0;
    return true;
}

/* The slots wait in the scratch while the shard is made larger and filled anew. What has become whole large pages is
 * given back first and comes again as such: nearly every look-up in a large table would else wait for an address. */
static __attribute__((noinline)) bool grow(struct keytable *t, struct kshard *s) {
    uint32_t old = s->groups;
    size_t want = old + (s->bytes < t->small ? old : old / 8) + 1, bytes = want * t->group;
    bytes = (bytes + PAGE - 1) & ~(size_t)(PAGE - 1);
    if (old && t->scratch_size < old * t->group) {
        t->scratch_size = old * t->group;
        free(t->scratch);
        t->scratch = mem_grow(NULL, t->scratch_size);
    }
    if (old) memcpy(t->scratch, s->mem, old * t->group);
    if ((size_t)(s->mem - s->room) + bytes > s->room_size && !find_room(s, bytes)) return false;
    size_t small = s->bytes & ~(HUGE - 1), large = bytes & ~(HUGE - 1);
    if (large > small) {
        (void)madvise(s->mem + small, large - small, MADV_DONTNEED);
        (void)madvise(s->mem + small, large - small, MADV_HUGEPAGE);
    }
    s->bytes = bytes;
    s->groups = (uint32_t)(bytes / t->group);
    s->limit = s->groups * GROUP - s->groups;
    for (uint32_t g = 0; old && g < s->groups; g++) memset(s->mem + g * t->group, 0, GROUP);
    for (uint32_t g = 0; g < old; g++) {
        uint8_t *p = t->scratch + g * t->group;
        for (unsigned m = ~tags_free(p) & 0xffff; m; m &= m - 1) {
            const struct kslot *k = slot_at(t, p, (unsigned)__builtin_ctz(m));
            place(t, s, keytable_hash((struct key){{k->key[0], k->key[1]}, k->kind}), k);
        }
    }
    return true;
}

static inline struct kslot *look(const struct keytable *t, const struct kshard *s, const struct key *k, uint64_t hash) {
    for (uint32_t g = group_of(s, hash);; g = g + 1 == s->groups ? 0 : g + 1) {
        uint8_t *p = s->mem + g * t->group;
        for (unsigned m = tags_equal(p, tag_of(hash)); m; m &= m - 1) {
            struct kslot *at = slot_at(t, p, (unsigned)__builtin_ctz(m));
            if (at->key[0] == k->w[0] && at->key[1] == k->w[1] && at->kind == k->kind) return at;
        }
        if (tags_free(p)) return NULL;
    }
}

struct kslot *keytable_find(struct keytable *t, const struct key *k, uint64_t hash) {
    const struct kshard *s = shard_of(t, hash);
    return s->groups ? look(t, s, k, hash) : NULL;
}

struct kslot *keytable_add(struct keytable *t, const struct key *k, uint64_t hash, bool *added) {
    struct kshard *s = shard_of(t, hash);
    struct kslot *at = s->groups ? look(t, s, k, hash) : NULL;
    *added = false;
    if (at) return at;
    if (s->n == s->limit && !grow(t, s)) return NULL;
    for (uint32_t g = group_of(s, hash);; g = g + 1 == s->groups ? 0 : g + 1) {
        uint8_t *p = s->mem + g * t->group;
        unsigned m = tags_free(p);
        if (!m) continue;
        unsigned i = (unsigned)__builtin_ctz(m);
        p[i] = tag_of(hash);
        at = slot_at(t, p, i);
        memset(at, 0, t->slot);
        at->key[0] = k->w[0];
        at->key[1] = k->w[1];
        at->kind = k->kind & 31;
        s->n++;
        t->n++;
        *added = true;
        return at;
    }
}

struct kslot *keytable_each(const struct keytable *t, uint64_t *at) {
    for (;; ++*at) { /* shard, group and place in one number */
        uint64_t shard = *at >> 40, group = (*at & 0xffffffffff) >> 4;
        unsigned i = *at & 15;
        if (shard == t->nshards) return NULL;
        const struct kshard *s = &t->shards[shard];
        if (group >= s->groups) {
            *at = ((shard + 1) << 40) - 1;
            continue;
        }
        uint8_t *p = s->mem + group * t->group;
        if (!p[i]) continue;
        ++*at;
        return slot_at(t, p, i);
    }
}

/* The table against a plain list: growth, keys that share a prefix or a hash, memory, and freezing by the caller. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/rng.h"
#include "quality/keytable.h"

static size_t mapped(const struct keytable *t) {
    size_t n = 0;
    for (uint32_t i = 0; i < t->nshards; i++) n += t->shards[i].bytes;
    return n;
}

static struct kslot *put(struct keytable *t, struct key k, bool *added) {
    return keytable_add(t, &k, keytable_hash(k), added);
}

/* Every key keeps its payload through all growth, none is lost, none is there twice. */
static void holds_what_it_was_given(struct keytable *t, uint32_t n, struct key (*make)(uint32_t)) {
    for (uint32_t i = 0; i < n; i++) {
        bool added;
        struct key k = make(i);
        assert_null(keytable_find(t, &k, keytable_hash(k)));
        struct kslot *s = put(t, k, &added);
        assert_true(added);
        if (!s) return fail();
        assert_true(!s->flag && !s->line && !s->file);
        memcpy(s->payload, &i, sizeof i);
        s->line = i;
        assert_ptr_equal(put(t, k, &added), s);
        assert_false(added);
    }
    assert_int_equal(t->n, n);
    for (uint32_t i = 0; i < n; i++) {
        struct key k = make(i);
        struct kslot *s = keytable_find(t, &k, keytable_hash(k));
        uint32_t got;
        assert_non_null(s);
        memcpy(&got, s->payload, sizeof got);
        assert_int_equal(got, i);
        assert_int_equal(s->line, i);
    }
    uint64_t at = 0, sum = 0, seen = 0;
    for (const struct kslot *s; (s = keytable_each(t, &at)); seen++) sum += s->line;
    assert_int_equal(seen, n);
    assert_int_equal(sum, (uint64_t)n * (n - 1) / 2);
}

static struct key random_key(uint32_t i) {
    return (struct key){{i * 0x9e3779b97f4a7c15u, ~(uint64_t)i * 0xd6e8feb86659fd93u}, 1};
}
static struct key same_prefix(uint32_t i) {
    return (struct key){{0x2d6e6f6973736573u, (uint64_t)i << 40}, 31};
}
static struct key same_suffix(uint32_t i) {
    return (struct key){{i, 0}, 2};
}
static struct key only_kinds(uint32_t i) {
    return (struct key){{i / 32, 7}, i % 32};
}

static void grows(void **state) {
    (void)state;
    struct key (*const makes[])(uint32_t) = {random_key, same_prefix, same_suffix, only_kinds};
    static const struct {
        uint32_t n;
        size_t payload, memory;
    } t[] = {{1, 4, 0}, {15, 4, 0}, {500, 5, 1}, {20000, 44, 1 << 20}, {60000, 4, 64 << 20}, {60000, 131, 3 << 20}};
    for (size_t k = 0; k < 4; k++) {
        for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
            struct keytable table;
            keytable_init(&table, t[i].payload, t[i].memory);
            holds_what_it_was_given(&table, t[i].n, makes[k]);
            keytable_free(&table);
        }
    }
}

/* What the caller counts on: a table with n keys takes at most n times the cost, and a page or a step a shard. */
static void memory_as_promised(void **state) {
    (void)state;
    static const size_t payloads[] = {0, 44, 200};
    for (size_t k = 0; k < 3; k++) {
        struct keytable t;
        keytable_init(&t, payloads[k], 4 << 20);
        size_t slack = t.nshards * (4096 + 2 * t.group);
        for (uint32_t i = 0; t.n * keytable_cost(&t) < (size_t)4 << 20; i++) {
            bool added;
            assert_non_null(put(&t, random_key(i), &added));
            /* small shards grow by half, and then hold less than an eighth of what they may */
            if (mapped(&t) > t.n * keytable_cost(&t) * 21 / 20 + slack + ((4 << 20) / 8))
                fail_msg("%zu bytes for %llu keys of %zu", mapped(&t), (unsigned long long)t.n, keytable_cost(&t));
        }
        assert_true(mapped(&t) < ((size_t)4 << 20) * 21 / 20 + slack);
        keytable_free(&t);
    }
}

/* More keys of one hash than a group holds go on to the next groups and are told apart by their bytes. */
static void equal_hashes(void **state) {
    (void)state;
    struct keytable t;
    const uint64_t hash = ~(uint64_t)0; /* the last group: the next one is the first */
    bool added;
    keytable_init(&t, 8, 0);
    for (uint32_t i = 0; i < 90; i++) {
        struct key k = random_key(i);
        struct kslot *s = keytable_add(&t, &k, hash, &added);
        assert_true(added);
        s->line = i;
        keytable_prefetch_tags(&t, hash);
        keytable_prefetch_slot(&t, hash);
    }
    for (uint32_t i = 0; i < 90; i++) {
        struct key k = random_key(i), no = random_key(i + 1000);
        assert_int_equal(keytable_find(&t, &k, hash)->line, i);
        assert_null(keytable_find(&t, &no, hash));
        assert_int_equal(keytable_add(&t, &k, hash, &added)->line, i);
        assert_false(added);
    }
    keytable_free(&t);
}

static void empty(void **state) {
    (void)state;
    struct keytable t;
    uint64_t at = 0;
    struct key k = random_key(1);
    keytable_init(&t, 8, 1 << 20);
    keytable_prefetch_tags(&t, keytable_hash(k));
    keytable_prefetch_slot(&t, keytable_hash(k));
    assert_null(keytable_find(&t, &k, keytable_hash(k)));
    assert_null(keytable_each(&t, &at));
    keytable_free(&t);
    keytable_free(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows),
        cmocka_unit_test(memory_as_promised),
        cmocka_unit_test(equal_hashes),
        cmocka_unit_test(empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Sets of strings: what is in is found, what is not is not, settled or not, at every length. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "json/schema_set.h"

static void all_found(const struct strset *s, const struct sv *of, uint32_t n) {
    for (uint32_t k = 0; k < n; k++) assert_int_equal(schema_set_find(s, of[k]), k);
}

static void keys(void **state) { /* both ways to make a key see the same bytes */
    (void)state;
    const char text[] = "0123456789abcdefghijklmnopqrstuvwxyz";
    for (size_t n = 0; n <= 20; n++) {
        struct strset_key a = schema_set_key16(text, n), b = schema_set_key((struct sv){text, n});
        assert_true(a.a == b.a && a.b == b.b && a.p == b.p && a.n == b.n);
        struct strset_key c = schema_set_key16(text + 1, n);
        assert_int_equal(a.a == c.a && a.b == c.b, n == 0);
    }
}

/* Strings of the same letters: they differ in length only, in the last byte, or in an early one. */
static void finds(void **state) {
    (void)state;
    struct arena a = {0};
    struct strset s = {0};
    struct sv of[200];
    uint32_t n = 0;
    assert_int_equal(schema_set_find(&s, SV("")), UINT32_MAX);
    for (size_t len = 0; len < 40; len++)
        for (size_t kind = 0; kind < (len ? 5 : 1); kind++) {
            char *p = arena_alloc(&a, len + 1);
            memset(p, 'x', len);
            if (len && kind == 1) p[len - 1] = 'y';
            if (len && kind == 2) p[0] = 'z';
            if (len && kind == 3) p[len / 2] = '\0';
            if (len && kind == 4) memset(p, '\0', len);
            struct sv key = {p, len};
            uint32_t was = schema_set_find(&s, key);
            assert_int_equal(schema_set_add(&s, &a, key, n), was == UINT32_MAX);
            if (was == UINT32_MAX) of[n++] = key;
        }
    assert_true(n > 150);
    all_found(&s, of, n);
    schema_set_settle(&s, &a);
    all_found(&s, of, n);
    assert_int_equal(schema_set_find(&s, SV("nowhere")), UINT32_MAX);
    assert_int_equal(schema_set_find(&s, SV("this one is longer and nowhere")), UINT32_MAX);
    arena_free(&a);
}

/* A few strings, as in an enum, stand each in its own slot: each subset of these. */
static void settles(void **state) {
    (void)state;
    static const struct sv all[] = {SV("page_view"), SV("click"),  SV("add_to_cart"),
                                    SV("purchase"),  SV("search"), SV("")};
    for (unsigned in = 0; in < 64; in++) {
        struct arena a = {0};
        struct strset s = {0};
        for (uint32_t k = 0; k < 6; k++)
            if (in >> k & 1) assert_true(schema_set_add(&s, &a, all[k], k));
        schema_set_settle(&s, &a);
        for (uint32_t k = 0; k < 6; k++) {
            bool is_in = in >> k & 1;
            struct strset_key key = schema_set_key(all[k]);
            assert_int_equal(schema_set_find(&s, all[k]), is_in ? k : UINT32_MAX);
            if (is_in) assert_int_equal(s.slots[schema_set_place16(&s, key)].next_value, k + 1);
        }
        arena_free(&a);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(keys), cmocka_unit_test(finds), cmocka_unit_test(settles)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Sorting entries of any size: order, stability, the same whether it fits in memory or not, failing disks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "io/runs.h"

struct given {
    char key[40];
    size_t n;
    uint32_t at;
};

static int by_key(const void *x, const void *y) {
    const struct given *a = x, *b = y;
    size_t n = a->n < b->n ? a->n : b->n;
    int c = memcmp(a->key, b->key, n);
    return c ? c : a->n != b->n ? (a->n < b->n ? -1 : 1) : a->at < b->at ? -1 : 1;
}

/* n entries with keys from few or many, loads up to `load` bytes that say who they are. */
static void check(uint64_t seed, size_t n, size_t keys, size_t load, size_t memory, bool spills) {
    struct given *all = mem_alloc(n * sizeof *all);
    char *body = mem_alloc(load + 8);
    struct err e = {0};
    struct run_entry x;
    int rc;
    struct runs *r = runs_new(memory, "/tmp");
    for (size_t i = 0; i < n; i++) {
        struct given *g = &all[i];
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        size_t k = (size_t)(seed >> 33) % keys;
        g->n = (size_t)snprintf(g->key, sizeof g->key, "%.*s%zu", (int)(k % 9), "same-same", k);
        if (k % 7 == 0) g->key[0] = 0; /* zero bytes count */
        g->at = (uint32_t)i;
        size_t len = 4 + (load ? (size_t)(seed >> 40) % load : 0);
        memcpy(body, &g->at, 4);
        memset(body + 4, (int)(i & 127), len - 4);
        assert_int_equal(runs_add(r, (struct sv){g->key, g->n}, (struct sv){body, len}, &e), ERR_OK);
    }
    assert_int_equal(runs_finish(r, &e), ERR_OK);
    assert_int_equal(runs_spilled(r) > 0, spills);
    qsort(all, n, sizeof *all, by_key);
    for (size_t i = 0; i < n; i++) {
        assert_true(runs_next(r, &x, &rc, &e));
        assert_int_equal(x.key.n, all[i].n);
        assert_memory_equal(x.key.p, all[i].key, all[i].n);
        uint32_t at;
        memcpy(&at, x.load.p, 4);
        assert_int_equal(at, all[i].at);
        for (size_t k = 4; k < x.load.n; k++) assert_int_equal(x.load.p[k], at & 127);
    }
    assert_false(runs_next(r, &x, &rc, &e));
    assert_int_equal(rc, ERR_OK);
    assert_int_equal(runs_count(r), n);
    runs_free(r);
    free(all);
    free(body);
}

static void orders(void **state) {
    (void)state;
    check(1, 0 + 1, 1, 0, 1 << 20, false);
    check(2, 5000, 50, 20, 8 << 20, false);
    check(3, 5000, 1000000, 0, 8 << 20, false);
    check(4, 60000, 3000, 60, 1 << 18, true);
    check(5, 60000, 1, 10, 1 << 18, true);     /* all the same key: the order of the input */
    check(6, 3000, 500, 20000, 1 << 18, true); /* over a hundred runs, more than there are buffers for */
    check(7, 40, 500, 1 << 20, 1 << 18, true); /* entries larger than the memory */
}

static void nothing(void **state) {
    (void)state;
    struct err e;
    struct run_entry x;
    int rc;
    struct runs *r = runs_new(0, "/tmp");
    assert_int_equal(runs_finish(r, &e), ERR_OK);
    assert_false(runs_next(r, &x, &rc, &e));
    assert_int_equal(rc, ERR_OK);
    runs_free(r);
    runs_free(NULL);
}

static void no_disk(void **state) {
    (void)state;
    struct err e = {0};
    struct runs *r = runs_new(0, "/tmp/etl-no-such-directory");
    int rc = ERR_OK;
    char body[1000] = {0};
    for (int i = 0; i < 2000 && rc == ERR_OK; i++) rc = runs_add(r, SV("k"), (struct sv){body, sizeof body}, &e);
    assert_int_not_equal(rc, ERR_OK);
    assert_non_null(strstr(e.msg, "etl-no-such-directory"));
    runs_free(r);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(orders), cmocka_unit_test(nothing), cmocka_unit_test(no_disk)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

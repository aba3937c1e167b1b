/* Batches and the crew: any number of threads gives the same records in the same order; what fails stops it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/rng.h"
#include "json/batch.h"

static int scan_one(const char *name, const char *text, struct batch *b) {
    struct reader *r;
    struct err e = {0};
    bool more;
    assert_int_equal(reader_open(&r, &name, 1, &(struct reader_opt){.text = text, .text_n = strlen(text)}, &e), ERR_OK);
    assert_int_equal(reader_next(r, &b->blk, &more, &e), ERR_OK);
    batch_scan(b);
    reader_close(r);
    return (int)b->n;
}

static void records(void **state) {
    (void)state;
    struct batch b = {0};
    struct arena a = {0};
    assert_int_equal(scan_one("a.jsonl", "{\"a\":1}\n\n{\"a\":}\n[2,{\"b\":3}]\n\"x\xFFy\"\n4\r\n", &b), 5);
    static const uint64_t lines[] = {1, 3, 4, 5, 6};
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(b.r[i].line, lines[i]);
        assert_int_equal(b.r[i].bad != NULL, i == 1 || i == 3);
        assert_int_equal(b.r[i].v.t == NULL, i == 1 || i == 3);
    }
    assert_int_equal(jv_type(b.r[2].v), JT_ARR);
    assert_int_equal(jv_tok(b.r[2].v)->n, 2);
    assert_int_equal(b.r[3].bad_at, 2);
    assert_string_equal(rec_problem(&b.r[3], &a), "invalid UTF-8 at byte 3");
    assert_int_equal(b.r[4].len, 1);
    /* used again */
    assert_int_equal(scan_one("a.jsonl", "{}", &b), 1);
    assert_int_equal(jv_type(b.r[0].v), JT_OBJ);
    batch_free(&b);
    arena_free(&a);
}

/* A line break inside a string is no JSON, also where the element of a document spans lines. */
static void line_break_in_a_string(void **state) {
    (void)state;
    struct batch b = {0};
    assert_int_equal(scan_one("a.json", "[{\"a\":\n\"x\"},{\"a\":\"x\ny\"}]", &b), 2);
    assert_null(b.r[0].bad);
    assert_non_null(b.r[1].bad);
    batch_free(&b);
}

struct tally {
    struct buf text;
    uint64_t seq, stop_at;
    int takes, fails;
};
struct slot {
    struct buf text;
};
static void work(void *ctx, struct batch *b, void *out) {
    struct slot *s = out;
    (void)ctx;
    s->text.n = 0;
    for (size_t i = 0; i < b->n; i++) {
        buf_fmt(&s->text, "%llu:%llu:", (unsigned long long)(b->seq + i), (unsigned long long)b->r[i].line);
        if (b->r[i].bad)
            buf_str(&s->text, b->r[i].bad);
        else
            json_copy(&s->text, b->r[i].v);
        buf_chr(&s->text, '\n');
    }
}
static int take(void *ctx, struct batch *b, void *out, struct err *e) {
    struct tally *t = ctx;
    assert_int_equal(b->seq, t->seq);
    t->seq += b->n;
    t->takes++;
    if (t->stop_at && t->seq > t->stop_at) {
        t->fails++;
        return err_set(e, ERR_TEST, "enough");
    }
    buf_add(&t->text, ((struct slot *)out)->text.p, ((struct slot *)out)->text.n);
    return ERR_OK;
}
static void out_free(void *out) {
    buf_free(&((struct slot *)out)->text);
}

static int run(struct tally *t, const char *const *paths, size_t n, const char *text, int threads, size_t block,
               struct err *e) {
    struct reader *r;
    assert_int_equal(reader_open(&r, paths, n,
                                 &(struct reader_opt){.text = text, .text_n = text ? strlen(text) : 0, .block = block},
                                 e),
                     ERR_OK);
    struct crew c = {.threads = threads,
                     .out_size = sizeof(struct slot),
                     .ctx = t,
                     .work = work,
                     .take = take,
                     .out_free = out_free};
    int rc = crew_run(&c, r, e);
    reader_close(r);
    return rc;
}

static struct buf lines(size_t n) {
    struct buf b = {0};
    struct rng r;
    rng_seed(&r, n);
    for (size_t i = 0; i < n; i++) {
        buf_fmt(&b, rng_below(&r, 50) ? "{\"i\":%zu,\"pad\":\"" : "{broken %zu", i);
        for (uint32_t k = rng_below(&r, 60); k; k--) buf_chr(&b, 'x');
        buf_str(&b, "\"}\n");
    }
    return b;
}

static void any_number_of_threads(void **state) {
    (void)state;
    static const char *const path = "in.jsonl";
    static const int threads[] = {1, 2, 8};
    struct buf text = lines(20000);
    struct tally want = {0};
    for (size_t i = 0; i < 3; i++)
        for (size_t block = 1000; block < 2000000; block *= 40) {
            struct tally t = {0};
            struct err e = {0};
            assert_int_equal(run(&t, &path, 1, text.p, threads[i], block, &e), ERR_OK);
            assert_int_equal(t.seq, 20000);
            if (!want.text.p) {
                want = t;
                continue;
            }
            assert_int_equal(t.text.n, want.text.n);
            assert_memory_equal(t.text.p, want.text.p, t.text.n);
            buf_free(&t.text);
        }
    buf_free(&text);
    buf_free(&want.text);
}

static void errors_stop_it(void **state) {
    (void)state;
    static const char *const path = "in.jsonl", *const cut = "in.json", *const none = "/tmp/etl-no-such-file";
    struct buf text = lines(5000);
    for (int threads = 0; threads <= 8; threads += 2) {
        struct tally t = {.stop_at = 1000};
        struct err e = {0};
        assert_int_equal(run(&t, &path, 1, text.p, threads, 1000, &e), ERR_TEST);
        assert_int_equal(t.fails, 1); /* nothing is taken after it */
        assert_true(t.seq < 1300);
        buf_free(&t.text);
        t = (struct tally){0};
        assert_int_equal(run(&t, &cut, 1, "[1,2,3", threads, 0, &e), ERR_INCOMPLETE);
        buf_free(&t.text);
        t = (struct tally){0};
        assert_int_equal(run(&t, &none, 1, NULL, threads, 0, &e), ERR_NOINPUT);
        assert_int_equal(t.takes, 0);
        assert_int_equal(run(&t, &path, 1, "", threads, 0, &e), ERR_OK);
        assert_int_equal(t.takes, 0);
    }
    buf_free(&text);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(records), cmocka_unit_test(line_break_in_a_string),
                                       cmocka_unit_test(any_number_of_threads), cmocka_unit_test(errors_stop_it)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

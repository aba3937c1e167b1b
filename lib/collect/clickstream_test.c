/*
 * The event generator: same bytes for the same day, in order, with the shape that
 * the domain document gives it, clean by all seven checks, and each defect seen by
 * its own check alone. The checks are written again here, plainly, from that
 * document, so that the generator is not judged by the code it is used to test.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/rng.h"
#include "collect/clickstream.h"

#define DAY 20468 /* 2026-01-15, a Thursday */
#define GOLDEN 0xea59cd94ce565c4bu

static const struct clickstream_product products[] = {{"P1001", "CAT001", 89000},
                                                      {"P1002", "CAT001", 1},
                                                      {"P2001", "CAT002", 49000},
                                                      {"P3001", "CAT003", 28000},
                                                      {"P5001", "CAT005", 10000000}};
static const char *const queries[] = {"노트북", "겨울 옷", "say \"hi\""};

static struct clickstream_cfg config(uint32_t users) {
    return (struct clickstream_cfg){.seed = 42,
                                    .day = DAY,
                                    .users = users,
                                    .products = products,
                                    .nproducts = sizeof products / sizeof products[0],
                                    .search_queries = queries,
                                    .nqueries = sizeof queries / sizeof queries[0],
                                    .base_url = "https://shop.example.com"};
}

static struct buf generate(const struct clickstream_cfg *cfg, size_t piece) {
    struct clickstream *g;
    struct err e = {0};
    struct buf out = {0};
    bool more = true;
    assert_int_equal(clickstream_open(&g, cfg, &e), ERR_OK);
    while (more) assert_int_equal(clickstream_next(g, &out, piece, &more, &e), ERR_OK);
    clickstream_close(g);
    return out;
}

/* ---- one line ---- */

/* The value of a key as written, quotes included; empty when absent. Good for this file's own lines:
 * no value but extra_data holds a key, and that one is last and escaped. */
static struct sv field(const char *line, const char *key) {
    char pat[64];
    snprintf(pat, sizeof pat, "\"%s\": ", key);
    const char *p = strstr(line, pat), *q;
    if (!p) return (struct sv){0};
    p += strlen(pat);
    if (*p != '"') return (struct sv){p, strcspn(p, ",}")};
    for (q = p + 1; *q != '"'; q++)
        if (*q == '\\') q++;
    return (struct sv){p, (size_t)(q + 1 - p)};
}

static bool is(const char *line, const char *key, const char *val) {
    return sv_is(field(line, key), val);
}

static bool null_in(const char *line, const char *key) {
    struct sv v = field(line, key);
    return !v.n || sv_is(v, "null");
}

/* Number within lo..hi. */
static bool within(struct sv v, long long lo, long long hi) {
    char t[32] = "", *end;
    if (!v.n || v.n >= sizeof t) return false;
    memcpy(t, v.p, v.n);
    long long n = strtoll(t, &end, 10);
    return !*end && n >= lo && n <= hi;
}

/* ---- the seven checks ---- */

struct row {
    char session[40], time[24], id[40];
    const char *line;
    size_t at;
};
struct tally {
    size_t total[CLICKSTREAM_DEFECTS], failed[CLICKSTREAM_DEFECTS];
    struct row *row;
    size_t n;
};

static const struct {
    const char *type, *own[3];
} required[] = {{"\"page_view\"", {"page_url", "page_type", "page_type"}},
                {"\"click\"", {"page_url", "element_id", "element_type"}},
                {"\"add_to_cart\"", {"product_id", "quantity", "unit_price"}},
                {"\"purchase\"", {"order_id", "total_amount", "payment_method"}},
                {"\"search\"", {"search_query", "result_count", "result_count"}}};
enum { VIEW, CLICK, CART, PURCHASE, SEARCH, OTHER };

static int type_of(const char *line) {
    int t = 0;
    while (t < OTHER && !is(line, "event_type", required[t].type)) t++;
    return t;
}

static size_t nulls(const char *line) {
    static const char *const common[] = {"event_id", "event_type", "user_id", "session_id", "timestamp"};
    size_t n = 0;
    int t = type_of(line);
    for (size_t i = 0; i < 5; i++) n += null_in(line, common[i]) || is(line, common[i], "\"\"");
    for (size_t i = 0; t < OTHER && i < 3; i++)
        if (!i || required[t].own[i] != required[t].own[i - 1]) n += null_in(line, required[t].own[i]);
    return n;
}

static size_t ranges(const char *line) {
    switch (type_of(line)) {
    case CART:
        return (size_t)!within(field(line, "quantity"), 1, 99) + !within(field(line, "unit_price"), 1, 10000000);
    case PURCHASE:
        return !within(field(line, "total_amount"), 1, 100000000);
    case SEARCH:
        return !within(field(line, "result_count"), 0, 1000000);
    default:
        return type_of(line) == OTHER;
    }
}

/* February 30th and texts that are no date are the only unreadable ones that are made. */
static bool bad_time(const char *line) {
    struct sv v = field(line, "timestamp");
    return v.n != 21 || memcmp(v.p, "\"20", 3) || v.p[3] < '2' || (v.p[3] == '3' && v.p[4] != '0') ||
           !memcmp(v.p + 6, "02-30", 5);
}

static long long number_after(const char **p, const char *key) {
    const char *q = strstr(*p, key);
    if (!q) return -1;
    char *end;
    long long n = strtoll(q + strlen(key), &end, 10);
    *p = end;
    return n;
}

static bool bad_sum(const char *line) {
    const char *p = line, *extra = strstr(line, "\"extra_data\": \"{"), *tail;
    long long total = number_after(&p, "\"total_amount\": "), sum = 0, n;
    if (!extra || !(tail = strstr(extra, "], \\\"discount_amount\\\": ")) || !strstr(extra, "coupon_code")) return true;
    for (p = extra; (n = number_after(&p, "\\\"quantity\\\": ")) > 0 && p < tail;)
        sum += n * number_after(&p, "\\\"unit_price\\\": ");
    p = extra;
    sum -= number_after(&p, "\\\"discount_amount\\\": ");
    sum += number_after(&p, "\\\"shipping_fee\\\": ");
    return llabs(total - sum) > 1;
}

static bool bad_device(const char *line) {
    if (!is(line, "platform", "\"web\"")) return !is(line, "device_type", "\"mobile\"");
    return !is(line, "device_type", "\"mobile\"") && !is(line, "device_type", "\"desktop\"") &&
           !is(line, "device_type", "\"tablet\"");
}

static int by_session(const void *a, const void *b) {
    const struct row *x = a, *y = b;
    int c = strcmp(x->session, y->session);
    return c ? c : (x->at > y->at) - (x->at < y->at);
}
static int by_session_time(const void *a, const void *b) {
    const struct row *x = a, *y = b;
    int c = strcmp(x->session, y->session);
    if (!c) c = strcmp(x->time, y->time);
    return c ? c : (x->at > y->at) - (x->at < y->at);
}
static int by_id(const void *a, const void *b) {
    return strcmp(((const struct row *)a)->id, ((const struct row *)b)->id);
}

static size_t session_end(const struct tally *t, size_t i) {
    size_t j = i;
    while (j < t->n && !strcmp(t->row[i].session, t->row[j].session)) j++;
    return j;
}

static void check_sequences(struct tally *t) {
    qsort(t->row, t->n, sizeof *t->row, by_session_time);
    for (size_t i = 0, end; i < t->n; i = end) {
        bool look = false, cart = false, purchase = false, early = false;
        end = session_end(t, i);
        for (size_t j = i; j < end; j++) {
            int k = type_of(t->row[j].line);
            if (k == CART && !cart) early = !look;
            look |= k == VIEW || k == CLICK;
            cart |= k == CART;
            purchase |= k == PURCHASE;
        }
        t->total[CLICKSTREAM_SEQUENCE]++;
        t->failed[CLICKSTREAM_SEQUENCE] += (size_t)(purchase && !cart) + early;
    }
}

static void check_platforms(struct tally *t) {
    qsort(t->row, t->n, sizeof *t->row, by_session);
    for (size_t i = 0, end; i < t->n; i = end) {
        end = session_end(t, i);
        struct sv first = field(t->row[i].line, "platform");
        for (size_t j = i; j < end; j++)
            t->failed[CLICKSTREAM_CONSISTENCY] += !sv_eq(field(t->row[j].line, "platform"), first);
    }
}

static void keep(char *to, size_t cap, struct sv v) {
    assert_true(v.n < cap);
    if (v.n) memcpy(to, v.p, v.n);
    to[v.n] = 0;
}

static void check_line(struct tally *t, const char *line) {
    struct row *r = &t->row[t->n];
    *r = (struct row){.line = line, .at = t->n};
    keep(r->session, sizeof r->session, field(line, "session_id"));
    keep(r->time, sizeof r->time, field(line, "timestamp"));
    keep(r->id, sizeof r->id, field(line, "event_id"));
    t->n++;
    t->failed[CLICKSTREAM_NULL] += nulls(line);
    t->failed[CLICKSTREAM_RANGE] += ranges(line);
    t->failed[CLICKSTREAM_TIMESTAMP] += bad_time(line);
    t->failed[CLICKSTREAM_CONSISTENCY] += bad_device(line);
    if (type_of(line) != PURCHASE) return;
    t->total[CLICKSTREAM_INTEGRITY]++;
    t->failed[CLICKSTREAM_INTEGRITY] += bad_sum(line);
}

/* Cuts the buffer into lines. Rows are left sorted by event_id; free t.row. */
static struct tally check(struct buf *b) {
    struct tally t = {0};
    size_t lines = 0;
    for (size_t i = 0; i < b->n; i++) lines += b->p[i] == '\n';
    t.row = mem_alloc((lines + 1) * sizeof *t.row);
    for (char *p = b->p, *nl; p < b->p + b->n; p = nl + 1) {
        nl = strchr(p, '\n');
        assert_non_null(nl);
        *nl = 0;
        check_line(&t, p);
    }
    for (size_t i = 0; i < CLICKSTREAM_DEFECTS; i++)
        if (i != CLICKSTREAM_INTEGRITY && i != CLICKSTREAM_SEQUENCE) t.total[i] = t.n;
    check_sequences(&t);
    check_platforms(&t);
    qsort(t.row, t.n, sizeof *t.row, by_id);
    for (size_t i = 1; i < t.n; i++) t.failed[CLICKSTREAM_DUPLICATE] += !strcmp(t.row[i - 1].id, t.row[i].id);
    return t;
}

/* ---- tests ---- */

/* Reference outputs: splitmix64.c with seed 1234567, xoshiro256starstar.c with state 1, 2, 3, 4. */
static void rng_matches_the_reference(void **state) {
    (void)state;
    uint64_t s = 1234567;
    assert_true(rng_splitmix(&s) == 6457827717110365317u);
    assert_true(rng_splitmix(&s) == 3203168211198807973u);
    struct rng r = {{1, 2, 3, 4}};
    static const uint64_t want[] = {11520, 0, 1509978240, 1215971899390074240};
    for (size_t i = 0; i < 4; i++) assert_true(rng_next(&r) == want[i]);
    rng_seed(&r, 7);
    for (int i = 0; i < 1000; i++) {
        assert_in_range(rng_range(&r, 3, 5), 3, 5);
        assert_false(rng_chance(&r, 0));
        assert_true(rng_chance(&r, 1));
        assert_int_equal(rng_below(&r, 0), 0);
    }
}

static void same_day_same_bytes(void **state) {
    (void)state;
    struct clickstream_cfg cfg = config(300);
    struct buf a = generate(&cfg, 1 << 20), b = generate(&cfg, 0);
    assert_int_equal(a.n, b.n);
    assert_memory_equal(a.p, b.p, a.n);
    /* FNV-1a over the day: changes here change what a seed means to everybody who noted one down */
    uint64_t h = 0xcbf29ce484222325u;
    for (size_t i = 0; i < a.n; i++) h = (h ^ (uint8_t)a.p[i]) * 0x100000001b3u;
    if (h != GOLDEN) fail_msg("hash of the day: 0x%llx", (unsigned long long)h);
    buf_free(&b);
    cfg.day++;
    b = generate(&cfg, 1 << 20);
    assert_true(a.n != b.n || memcmp(a.p, b.p, a.n));
    buf_free(&a);
    buf_free(&b);
}

static void clean_day_passes(void **state) {
    (void)state;
    struct clickstream_cfg cfg = config(6000);
    struct buf b = generate(&cfg, 1 << 16);
    struct tally t = check(&b);
    assert_in_range(t.n, 12000, 42000);
    assert_true(t.total[CLICKSTREAM_INTEGRITY] > 20);
    for (size_t i = 0; i < CLICKSTREAM_DEFECTS; i++)
        if (t.failed[i]) fail_msg("%s: %zu of %zu", clickstream_defect_names[i], t.failed[i], t.total[i]);
    free(t.row);
    buf_free(&b);
}

static int lines_of(const size_t *count, int type, size_t n) {
    return (int)(count[type] * 10000 / n);
}

/* Order, order numbers, and shares as the document has them, each within a wide margin. */
static void day_has_its_shape(void **state) {
    (void)state;
    struct clickstream_cfg cfg = config(6000);
    struct buf b = generate(&cfg, 1 << 20);
    size_t count[OTHER + 1] = {0}, n = 0, web = 0, night = 0, evening = 0;
    struct sv last = SV("\"2026-01-15T00:00:00\"");
    for (char *p = b.p, *nl; p < b.p + b.n; p = nl + 1, n++) {
        nl = strchr(p, '\n');
        *nl = 0;
        struct sv ts = field(p, "timestamp");
        assert_int_equal(ts.n, 21);
        assert_true(memcmp(last.p, ts.p, 21) <= 0);
        assert_memory_equal(ts.p, "\"2026-01-15T", 12);
        last = ts;
        int type = type_of(p);
        count[type]++;
        web += is(p, "platform", "\"web\"");
        night += !memcmp(ts.p + 12, "04", 2);
        evening += !memcmp(ts.p + 12, "20", 2);
        if (type == PURCHASE) {
            char want[32];
            snprintf(want, sizeof want, "\"ORD20260115%05zu\"", count[type]);
            assert_true(is(p, "order_id", want));
        }
    }
    assert_in_range(lines_of(count, VIEW, n), 7400, 8000);
    assert_in_range(lines_of(count, CLICK, n), 1700, 2200);
    assert_in_range(lines_of(count, SEARCH, n), 90, 200);
    assert_in_range(lines_of(count, CART, n), 100, 220);
    assert_in_range(lines_of(count, PURCHASE, n), 20, 70);
    assert_in_range(web * 100 / n, 45, 55);
    assert_true(night * 20 < evening);
    buf_free(&b);
}

static void each_defect_alone(void **state) {
    (void)state;
    static const double rates[] = {0.05, 1};
    for (size_t d = 0; d < CLICKSTREAM_DEFECTS; d++)
        for (size_t k = 0; k < 2; k++) {
            struct clickstream_cfg cfg = config(6000);
            cfg.defects[d] = rates[k];
            struct buf b = generate(&cfg, 1 << 20);
            struct tally t = check(&b);
            for (size_t i = 0; i < CLICKSTREAM_DEFECTS; i++)
                if (i != d && t.failed[i])
                    fail_msg("%s shows up as %s", clickstream_defect_names[d], clickstream_defect_names[i]);
            size_t percent = t.failed[d] * 100 / t.total[d];
            if (!k) assert_in_range(percent, d == CLICKSTREAM_INTEGRITY ? 1 : 4, d == CLICKSTREAM_INTEGRITY ? 15 : 5);
            if (k)
                assert_in_range(percent, d == CLICKSTREAM_DUPLICATE ? 50 : 98, d == CLICKSTREAM_DUPLICATE ? 50 : 100);
            free(t.row);
            buf_free(&b);
        }
}

static void all_defects_together(void **state) {
    (void)state;
    struct clickstream_cfg cfg = config(2000);
    for (size_t d = 0; d < CLICKSTREAM_DEFECTS; d++) cfg.defects[d] = 1;
    struct buf b = generate(&cfg, 1 << 20);
    struct tally t = check(&b);
    for (size_t d = 0; d < CLICKSTREAM_DEFECTS; d++) assert_true(t.failed[d] * 2 >= t.total[d]);
    free(t.row);
    buf_free(&b);
}

static void refuses(struct clickstream_cfg cfg, int code, const char *word) {
    struct clickstream *g;
    struct err e = {0};
    assert_int_equal(clickstream_open(&g, &cfg, &e), code);
    assert_null(g);
    if (!strstr(e.msg, word)) fail_msg("no '%s' in: %s", word, e.msg);
}

static void unusable_settings(void **state) {
    (void)state;
    static const struct clickstream_product odd = {"P\"1", "CAT001", 10}, dear = {"P1001", "CAT001", 10000001};
    static const char *const empty[] = {""};
    struct clickstream_cfg c = config(CLICKSTREAM_USERS_MAX + 1);
    refuses(c, ERR_LIMIT, "1000000 users");
    c = config(10), c.nproducts = 0;
    refuses(c, ERR_CONFIG, "at least one product");
    c = config(10), c.products = &odd, c.nproducts = 1;
    refuses(c, ERR_CONFIG, "product 1");
    c = config(10), c.products = &dear, c.nproducts = 1;
    refuses(c, ERR_CONFIG, "unit_price");
    c = config(10), c.search_queries = empty, c.nqueries = 1;
    refuses(c, ERR_CONFIG, "search query 1");
    c = config(10), c.base_url = "";
    refuses(c, ERR_CONFIG, "base_url");
    c = config(10), c.day = INT32_MAX;
    refuses(c, ERR_CONFIG, "day");
    c = config(10), c.defects[CLICKSTREAM_RANGE] = 1.5;
    refuses(c, ERR_CONFIG, "range_check");
}

static void empty_day_and_full_buffer(void **state) {
    (void)state;
    struct clickstream_cfg cfg = config(0);
    struct buf b = generate(&cfg, 100);
    assert_int_equal(b.n, 0);
    struct clickstream *g;
    struct err e = {0};
    bool more;
    cfg = config(100);
    assert_int_equal(clickstream_open(&g, &cfg, &e), ERR_OK);
    struct buf small = {.max = 8192};
    assert_int_equal(clickstream_next(g, &small, 1 << 20, &more, &e), ERR_LIMIT);
    assert_true(more && small.n && small.p[small.n - 1] == '\n');
    clickstream_close(g);
    clickstream_close(NULL);
    buf_free(&small);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rng_matches_the_reference), cmocka_unit_test(same_day_same_bytes),
        cmocka_unit_test(clean_day_passes),          cmocka_unit_test(day_has_its_shape),
        cmocka_unit_test(each_defect_alone),         cmocka_unit_test(all_defects_together),
        cmocka_unit_test(unusable_settings),         cmocka_unit_test(empty_day_and_full_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

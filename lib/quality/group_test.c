/*
 * The checks that need all records against a slow and plain implementation, on random records with few keys, many
 * duplicates and order texts of every form, in memory from none to plenty: however a key is judged, in a table, by the
 * sort or first one and then the other, counts, samples, accepted records and reject lines are the same.
 */
#include "base/rng.h"
#include "quality/quality_testing.h"

#define MOST 4000

struct record {
    unsigned id, id2, s, os, ev; /* which of the keys below; 0: absent */
    char order[100];             /* as it is compared */
    struct buf text;
    bool good;
    uint64_t line;
};
struct expected {
    uint64_t total, failed;
    uint64_t lines[QUALITY_SAMPLES]; /* of the samples */
    const char *expect[QUALITY_SAMPLES];
    size_t n;
};

static const char *const events[] = {NULL, "view", "click", "cart", "buy", "other"};
static const struct {
    const char *needs, *first, *others[3];
    const char *expected;
} rules[] = {{"buy", NULL, {"cart"}, "cart -> buy"},
             {NULL, "cart", {"view", "click"}, "view | click -> cart"},
             {NULL, "click", {"click", "buy"}, "click | buy -> click"}, /* its own event is one of the others */
             {NULL, "view", {"cart"}, "cart -> view"}};
static const char checks[] =
    "{\"kind\":\"unique\",\"name\":\"u\",\"field\":\"id\"},"
    "{\"kind\":\"sequence\",\"name\":\"s\",\"group\":\"s\",\"order\":\"at\",\"event\":\"ev\",\"rules\":["
    "{\"if\":\"buy\",\"needs\":[\"cart\"]},{\"first\":\"cart\",\"after\":[\"view\",\"click\"]},"
    "{\"first\":\"click\",\"after\":[\"click\",\"buy\"]},{\"first\":\"view\",\"after\":[\"cart\"]}]},"
    "{\"kind\":\"unique\",\"name\":\"v\",\"field\":\"id2\"},"
    "{\"kind\":\"consistency\",\"name\":\"k\",\"constant\":{\"group\":\"s\",\"field\":\"os\"}},"
    "{\"kind\":\"unique\",\"name\":\"w\",\"field\":\"s\",\"reject\":false},"
    "{\"kind\":\"range\",\"name\":\"r\",\"rules\":[{\"field\":\"n\",\"max\":9}]}";

/* Different numbers are different keys of every kind there is; 0 is absent or null, which are one. */
static void put_key(struct buf *b, const char *name, unsigned k, struct rng *r) {
    if (!k) {
        if (rng_below(r, 2)) buf_fmt(b, ",\"%s\":null", name);
        return;
    }
    buf_fmt(b, ",\"%s\":", name);
    switch (k % 6) {
    case 0:
        buf_fmt(b, "\"%08x-3d52-4a36-9d2e-0c5d4b9f6a01\"", k);
        break;
    case 1:
        buf_fmt(b, "\"key-%u\"", k);
        break;
    case 2:
        buf_fmt(b, "\"a key that is longer than sixteen bytes %u\"", k);
        break;
    case 3:
        buf_fmt(b, rng_below(r, 2) ? "%u" : "%u.0", k);
        break;
    case 4:
        buf_fmt(b, "\"%08X-3D52-4A36-9D2E-0C5D4B9F6A01\"", k);
        break;
    default:
        buf_fmt(b, rng_below(r, 2) ? "\"\\u006bez-%u\"" : "\"kez-%u\"", k);
    }
}

/* odd: how often, of 100, another form than the plain timestamp. */
static void put_order(struct record *x, unsigned odd, struct rng *r) {
    char *o = x->order;
    size_t n = sizeof x->order;
    unsigned m = rng_below(r, 3), s = rng_below(r, 4);
    const char *quote = "\"";
    const char *escaped = NULL;
    snprintf(o, n, "2026-01-15T10:%02u:%02u", m, s);
    if (rng_below(r, 100) < odd) {
        switch (rng_below(r, 12)) {
        case 0:
            snprintf(o, n, "2026-01-15T10:%02u:%02u.%u", m, s, rng_below(r, 1000));
            break;
        case 1:
            snprintf(o, n, "2026-01-15T10:%02u:%02u.123456+09:00", m, s);
            break;
        case 2:
            snprintf(o, n, "2026-01-15T10:%02u:%02uZ", m, s);
            break;
        case 3:
            snprintf(o, n, "2026-01-15 10:%02u:%02u", m, s);
            break;
        case 4:
            snprintf(o, n, "2026-01-15");
            break;
        case 5:
            snprintf(o, n, "17000000%02u", s);
            quote = "";
            break;
        case 6:
            o[0] = 0;
            break;
        case 7:
            o[0] = 0;
            return; /* absent */
        case 8:
            snprintf(o, n, "%s", s % 2 ? "yesterday" : "2026-01-15T10:61:77 or thereabouts, as somebody said");
            break;
        case 9:
            escaped = "\\u0032";
            break;
        case 10:
            snprintf(o, n, "2026-99-15T10:%02u:%02u", m, s);
            break;
        default:
            snprintf(o, n, "2026-01-15T10:%02u:%02u.123456789+09:00", m, s);
        }
    }
    buf_fmt(&x->text, ",\"at\":%s%s%s%s", quote, escaped ? escaped : "", escaped ? o + 1 : o, quote);
    o[48] = 0; /* what decides */
}

static void make(struct record *x, unsigned keys, unsigned odd, struct rng *r) {
    *x = (struct record){.id = rng_below(r, keys * 4),
                         .id2 = rng_below(r, keys * 8),
                         .s = rng_below(r, keys),
                         .os = rng_below(r, 3),
                         .ev = rng_below(r, 6),
                         .good = rng_below(r, 5) != 0};
    buf_fmt(&x->text, "{\"n\":%u", x->good ? 1 : 50);
    put_key(&x->text, "id", x->id, r);
    put_key(&x->text, "id2", x->id2, r);
    put_key(&x->text, "s", x->s, r);
    put_key(&x->text, "os", x->os, r);
    if (x->ev) buf_fmt(&x->text, ",\"ev\":\"%s\"", events[x->ev]);
    put_order(x, odd, r);
    buf_chr(&x->text, '}');
}

static void fails(struct expected *e, uint64_t line, const char *expect) {
    e->failed++;
    if (e->n == QUALITY_SAMPLES) return;
    e->expect[e->n] = expect;
    e->lines[e->n++] = line;
}

static unsigned the_key(const struct record *x, char which) {
    return which == 'u' ? x->id : which == 'v' ? x->id2 : x->s;
}

/* Is the record a duplicate; of which line, and was one of that key accepted before? */
static uint64_t earlier(const struct record *x, size_t i, char which, bool *kept) {
    uint64_t line = 0;
    *kept = false;
    for (size_t k = i; k-- > 0;) {
        if (the_key(&x[k], which) != the_key(&x[i], which)) continue;
        line = x[k].line;
        *kept |= x[k].good;
    }
    return line;
}

static void expect_unique(const struct record *x, size_t n, char which, struct expected *e) {
    for (size_t i = 0; i < n; i++) {
        bool kept;
        uint64_t line = earlier(x, i, which, &kept);
        e->total++;
        if (line) fails(e, x[i].line, arena_fmt(&a, "unique (line %llu)", (unsigned long long)line));
    }
}

static bool is(const struct record *x, const char *name) {
    return name && events[x->ev] && strcmp(events[x->ev], name) == 0;
}
static bool is_any(const struct record *x, const char *const *names) {
    return is(x, names[0]) || is(x, names[1]) || is(x, names[2]);
}
static int by_order(const void *p, const void *q) {
    const struct record *x = *(const struct record *const *)p, *y = *(const struct record *const *)q;
    int c = strcmp(x->order, y->order);
    return c ? c : x->line < y->line ? -1 : 1;
}

static bool breaks(const struct record *const *x, size_t n, size_t rule) {
    bool has = false, other = false;
    for (size_t i = 0; i < n; i++) {
        if (is(x[i], rules[rule].first)) return !other;
        has |= is(x[i], rules[rule].needs);
        other |= is_any(x[i], rules[rule].others);
        if (rules[rule].first && other) return false;
    }
    return has && !other;
}

static void expect_sequence(const struct record *x, size_t n, struct expected *e) {
    const struct record **group = mem_alloc((n + 1) * sizeof *group);
    for (size_t i = 0; i < n; i++) {
        bool kept;
        size_t k = 0;
        if (earlier(x, i, 's', &kept)) continue;
        e->total++;
        for (size_t j = i; j < n; j++)
            if (x[j].s == x[i].s) group[k++] = &x[j];
        qsort(group, k, sizeof *group, by_order);
        for (size_t rule = 0; rule < 4; rule++)
            if (breaks(group, k, rule)) fails(e, x[i].line, rules[rule].expected);
    }
    free(group);
}

static void expect_constant(const struct record *x, size_t n, struct expected *e) {
    for (size_t i = 0; i < n; i++) {
        size_t k = 0;
        while (x[k].s != x[i].s) k++;
        e->total++;
        if (x[k].os != x[i].os) fails(e, x[i].line, NULL);
    }
}

static void expect_records(const struct record *x, size_t n, struct buf *accepted, struct buf *rejected) {
    for (size_t i = 0; i < n; i++) {
        struct buf why = {0};
        bool kept;
        if (!x[i].good) buf_str(&why, "{\"check\":\"range\",\"field\":\"n\",\"expected\":\"<= 9\",\"found\":\"50\"}");
        for (const char *which = "uv"; x[i].good && *which; which++) {
            uint64_t line = earlier(x, i, *which, &kept);
            if (line && kept)
                buf_fmt(&why, "%s{\"check\":\"unique\",\"field\":\"%s\",\"expected\":\"unique (line %llu)\"}",
                        why.n ? "," : "", *which == 'u' ? "id" : "id2", (unsigned long long)line);
        }
        if (why.n)
            buf_fmt(rejected, "{\"file\":\"in.jsonl\",\"line\":%llu,\"reasons\":[%s],\"record\":%s}\n",
                    (unsigned long long)x[i].line, why.p, x[i].text.p);
        else
            buf_fmt(accepted, "%s\n", x[i].text.p);
        buf_free(&why);
    }
}

static void compare(const struct judged *j, const char *name, const struct expected *e, const char *what) {
    const struct quality_check *c = the_check(j, name);
    if (c->total != e->total || c->failed != e->failed || c->nsamples != e->n)
        fail_msg("%s: %s: total %llu (%llu), failed %llu (%llu)", what, name, (unsigned long long)c->total,
                 (unsigned long long)e->total, (unsigned long long)c->failed, (unsigned long long)e->failed);
    for (size_t i = 0; i < e->n; i++) {
        if (c->samples[i].line != e->lines[i])
            fail_msg("%s: %s: sample %zu is of line %llu (%llu)", what, name, i, (unsigned long long)c->samples[i].line,
                     (unsigned long long)e->lines[i]);
        if (e->expect[i]) assert_string_equal(c->samples[i].expected, e->expect[i]);
    }
}

/* How much of the work went the long way. */
struct paths {
    uint64_t early, late, mixed;
};

static void one_input(unsigned n, unsigned keys, unsigned odd, struct rng *r, struct paths *paths) {
    static struct record x[MOST];
    struct expected u = {0}, v = {0}, w = {0}, s = {0}, k = {0};
    struct buf text = {0}, accepted = {0}, rejected = {0}, sorted = {0};
    for (unsigned i = 0; i < n; i++) {
        make(&x[i], keys, odd, r);
        x[i].line = i + 1;
        buf_fmt(&text, "%s\n", x[i].text.p);
    }
    expect_unique(x, n, 'u', &u);
    expect_unique(x, n, 'v', &v);
    expect_unique(x, n, 's', &w);
    expect_sequence(x, n, &s);
    expect_constant(x, n, &k);
    expect_records(x, n, &accepted, &rejected);
    add_sorted_lines(&sorted, rejected.p, rejected.n);
    static const size_t memory[] = {1, 8 << 10, 30 << 10, 64 << 10, 200 << 10, 1 << 20, 64 << 20};
    for (size_t m = 0; m < sizeof memory / sizeof *memory; m++) {
        struct judged j;
        struct buf got = {0};
        int threads = (int)rng_below(r, 3);
        threads = threads == 2 ? 8 : threads + 1;
        const char *what =
            arena_fmt(&a, "%u records, %u keys, %u%% odd, %zu bytes, %d threads", n, keys, odd, memory[m], threads);
        judge(&j, define(checks, NULL), text.p ? text.p : "", threads, memory[m], 1000 + rng_below(r, 60000));
        compare(&j, "u", &u, what);
        compare(&j, "v", &v, what);
        compare(&j, "w", &w, what);
        compare(&j, "s", &s, what);
        compare(&j, "k", &k, what);
        assert_int_equal(j.res.rows_accepted, j.kept);
        assert_int_equal(j.res.rows_rejected, j.got.rejected_rows);
        assert_string_equal(buf_text(&j.got.accepted), buf_text(&accepted));
        add_sorted_lines(&got, j.got.rejected.p, j.got.rejected.n);
        if (strcmp(buf_text(&got), buf_text(&sorted)) != 0) fail_msg("%s\n%s\n%s", what, got.p, sorted.p);
        paths->late += j.res.duplicates > 0 && memory[m] == 1;
        paths->mixed += j.res.duplicates > 0 && memory[m] > 1;
        paths->early += !j.res.duplicates && memory[m] == 64 << 20;
        buf_free(&got);
        done(&j);
    }
    for (unsigned i = 0; i < n; i++) buf_free(&x[i].text);
    buf_free(&text);
    buf_free(&accepted);
    buf_free(&rejected);
    buf_free(&sorted);
}

static void as_the_plain_one(void **state) {
    (void)state;
    struct rng r;
    struct paths paths = {0};
    rng_seed(&r, 20260115);
    static const unsigned odd[] = {0, 3, 40, 100};
    for (size_t i = 0; i < 4; i++) {
        one_input(0, 1, odd[i], &r, &paths);
        one_input(MOST, 600, odd[i], &r, &paths);
        one_input(1500, 150, odd[i], &r, &paths);
        for (unsigned k = 0; k < 12; k++) one_input(1 + rng_below(&r, 60), 2 + rng_below(&r, 8), odd[i], &r, &paths);
    }
    assert_true(paths.early >= 40 && paths.late >= 20 && paths.mixed >= 8);
}

/* One session whose texts cannot be compared as numbers at its end, in the middle, from the start. */
static void eviction(void **state) {
    (void)state;
    static const char *const check =
        "{\"kind\":\"sequence\",\"name\":\"s\",\"group\":\"s\",\"order\":\"at\",\"event\":\"t\",\"rules\":["
        "{\"if\":\"buy\",\"needs\":[\"cart\"]},{\"first\":\"cart\",\"after\":[\"view\",\"click\"]}]}";
    static const struct {
        const char *text;
        unsigned failed;
    } t[] = {
        /* equal texts: the one that came first is first, whether before or after the eviction */
        {"{\"at\":\"2026-01-15T10:00:00\",\"t\":\"view\"}\n{\"at\":\"2026-01-15T10:00:00\",\"t\":\"cart\"}\n"
         "{\"at\":\"x\",\"t\":\"view\"}\n",
         0},
        {"{\"at\":\"2026-01-15T10:00:00\",\"t\":\"cart\"}\n{\"at\":\"2026-01-15T10:00:00\",\"t\":\"view\"}\n"
         "{\"at\":\"x\",\"t\":\"view\"}\n",
         1},
        {"{\"at\":\"2026-01-15T10:00:00\",\"t\":\"cart\"}\n{\"at\":\"x\",\"t\":\"cart\"}\n"
         "{\"at\":\"2026-01-15T10:00:00\",\"t\":\"view\"}\n",
         1},
        {"{\"at\":\"2026-01-15T10:00:00\",\"t\":\"view\"}\n{\"at\":\"x\",\"t\":\"cart\"}\n"
         "{\"at\":\"2026-01-15T10:00:00\",\"t\":\"cart\"}\n",
         0},
        /* the odd one is what decides */
        {"{\"at\":\"2026-01-15T10:00:00\",\"t\":\"cart\"}\n{\"at\":\"1 before\",\"t\":\"view\"}\n", 0},
        {"{\"at\":\"2026-01-15T10:00:00\",\"t\":\"view\"}\n{\"at\":\"1 before\",\"t\":\"cart\"}\n", 1},
        {"{\"at\":\"1 before\",\"t\":\"view\"}\n{\"at\":\"2026-01-15T10:00:00\",\"t\":\"cart\"}\n", 0},
        /* two forms, each fit for a number: a blank sorts before a T, a date before a time of that day */
        {"{\"at\":\"2026-01-15T09:00:00\",\"t\":\"view\"}\n{\"at\":\"2026-01-15 10:00:00\",\"t\":\"cart\"}\n", 1},
        {"{\"at\":\"2026-01-15T09:00:00\",\"t\":\"view\"}\n{\"at\":\"2026-01-15\",\"t\":\"cart\"}\n", 1},
        {"{\"at\":\"2026-01-15T09:00:00\",\"t\":\"view\"}\n{\"at\":1768467600,\"t\":\"cart\"}\n", 1},
        /* absent sorts first in every form, and is no reason to leave the table */
        {"{\"at\":\"2026-01-15T10:00:00\",\"t\":\"view\"}\n{\"t\":\"cart\"}\n", 1},
        {"{\"at\":null,\"t\":\"view\"}\n{\"at\":\"\",\"t\":\"cart\"}\n{\"at\":\"z\",\"t\":\"view\"}\n", 0},
        {"{\"at\":\"\",\"t\":\"cart\"}\n{\"at\":null,\"t\":\"view\"}\n{\"at\":\"z\",\"t\":\"view\"}\n", 1},
        {"{\"at\":null,\"t\":\"cart\"}\n{\"at\":\"2026-01-15T10:00:00\",\"t\":\"click\"}\n"
         "{\"at\":\"+ first\",\"t\":\"view\"}\n",
         1},
        /* what was seen before counts for the other rule */
        {"{\"at\":\"2026-01-15T10:00:00\",\"t\":\"view\"}\n{\"at\":\"2026-01-15T10:00:00\",\"t\":\"buy\"}\n"
         "{\"at\":\"x\",\"t\":\"view\"}\n",
         1},
        {"{\"at\":\"2026-01-15T10:00:00\",\"t\":\"buy\"}\n{\"at\":\"x\",\"t\":\"view\"}\n"
         "{\"at\":\"y\",\"t\":\"cart\"}\n",
         0},
        /* suffixes by their bytes: + - . 0-9 : Z */
        {"{\"at\":\"2026-01-15T10:00:00Z\",\"t\":\"view\"}\n{\"at\":\"2026-01-15T10:00:00.5\",\"t\":\"cart\"}\n", 1},
        {"{\"at\":\"2026-01-15T10:00:00+09:00\",\"t\":\"view\"}\n{\"at\":\"2026-01-15T10:00:00.5\",\"t\":\"cart\"}\n",
         0},
        {"{\"at\":\"2026-01-15T10:00:00.12\",\"t\":\"cart\"}\n{\"at\":\"2026-01-15T10:00:00.119999999\",\"t\":"
         "\"view\"}\n",
         0},
    };
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        for (size_t memory = 1; memory <= 1 << 20; memory <<= 20) {
            struct judged j;
            judge(&j, define(check, NULL), t[i].text, 1, memory, 0);
            const struct quality_check *c = the_check(&j, "s");
            if (c->total != 1 || c->failed != t[i].failed)
                fail_msg("%s%zu bytes: total %llu, failed %llu (%u)", t[i].text, memory, (unsigned long long)c->total,
                         (unsigned long long)c->failed, t[i].failed);
            if (c->nsamples) assert_int_equal(c->samples[0].line, 1);
            done(&j);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(as_the_plain_one), cmocka_unit_test(eviction)};
    return cmocka_run_group_tests(tests, first, last);
}

/* The fast way into a table against the common one: same rows in the same order, same drops, sound indexes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/rng.h"
#include "base/uuid.h"
#include "io/file.h"
#include "store/bulk.h"
#include "store/cells.h"

static char tmp[64] = "/tmp/etl-bulk-XXXXXX";
static struct arena a;
static struct db db;

static const char *key_name[] = {"id"};
static struct column cols[] = {{"id", "id", COL_TEXT, true, false},       {"n", "n", COL_INTEGER, false, false},
                               {"x", "x", COL_REAL, false, false},        {"any", "any", COL_NUMBER, false, false},
                               {"yes", "yes", COL_BOOLEAN, false, false}, {"at", "at", COL_TIMESTAMP, false, false},
                               {"doc", "doc", COL_JSON, false, false},    {"long", "long", COL_TEXT, false, false}};
#define NCOLS (sizeof cols / sizeof *cols)

/* An index of the definition's own sends a table the common way. */
static struct table_spec spec(const char *name, bool fast) {
    static const char *one[] = {"n"};
    static struct strs index[] = {{one, 1}};
    struct table_spec t = {.table = name,
                           .mode = LOAD_REPLACE_DAY,
                           .key = {key_name, 1},
                           .cols = cols,
                           .ncols = NCOLS,
                           .max_dropped = 100};
    if (!fast) {
        t.indexes = index;
        t.nindexes = 1;
    }
    return t;
}

static int load(const struct table_spec *t, const char *day, const char *text, int threads, struct loader_stats *st,
                struct err *e) {
    static const char *const path = "in.jsonl";
    struct loader *l;
    struct reader *r;
    struct zone z;
    day_t d;
    struct reader_opt opt = {.text = text, .text_n = strlen(text), .block = 65536};
    assert_true(day_parse(sv_of(day), &d));
    assert_int_equal(zone_find("Asia/Seoul", &z, e), ERR_OK);
    assert_int_equal(loader_open(&l, &db, t, d, &z, 1, e), ERR_OK); /* no memory: a merge every 4,096 rows */
    assert_int_equal(reader_open(&r, &path, 1, &opt, e), ERR_OK);
    int rc = load_records(l, r, threads, e);
    reader_close(r);
    if (rc)
        loader_abort(l);
    else
        rc = loader_commit(l, NULL, st, e);
    return rc;
}

/* Records with every type, keys from so many, now and then a word for a key or a record that does not fit. */
static char *records(struct rng *g, size_t n, uint32_t keys, bool words) {
    struct buf b = {0};
    for (size_t i = 0; i < n; i++) {
        uint64_t k = rng_below(g, keys);
        uint64_t raw[2] = {k * 0x9E3779B97F4A7C15u, k};
        char id[UUID_TEXT];
        uuid_text((uint8_t *)raw, id);
        if (words && rng_below(g, 3000) == 0)
            buf_fmt(&b, "{\"id\":\"word %u\"", (unsigned)rng_below(g, 9));
        else
            buf_fmt(&b, "{\"id\":\"%.36s\"", id);
        switch (rng_below(g, 9)) {
        case 0:
            buf_fmt(&b, ",\"n\":%lld", (long long)(rng_next(g) >> rng_below(g, 64)) * (rng_below(g, 2) ? -1 : 1));
            break;
        case 1:
            buf_fmt(&b, ",\"x\":%u.5,\"any\":1e400", (unsigned)rng_below(g, 99)); /* 1e400 does not fit */
            break;
        case 2:
            buf_fmt(&b, ",\"x\":%u,\"any\":%u", (unsigned)rng_below(g, 3), (unsigned)rng_below(g, 300));
            break;
        case 3:
            buf_str(&b, ",\"any\":0.1,\"yes\":true,\"at\":\"2026-01-15T23:59:59.25Z\"");
            break;
        case 4:
            buf_str(&b, ",\"yes\":false,\"at\":\"2026-01-15 10:00:00\",\"doc\":\"{\\\"a\\\":[1,2]}\"");
            break;
        case 5:
            buf_str(&b, ",\"doc\":{\"b\":\"\\uAC00 가\"},\"n\":null");
            break;
        case 6:
            buf_str(&b, ",\"at\":\"yesterday\""); /* does not fit */
            break;
        case 7:
            buf_str(&b, ",\"long\":\"");
            for (uint32_t k2 = rng_below(g, rng_below(g, 50) ? 200 : 30000); k2; k2--) buf_chr(&b, 'l');
            buf_chr(&b, '"');
            break;
        default:
            break;
        }
        buf_str(&b, "}\n");
    }
    return b.p;
}

static int64_t number(const char *sql) {
    struct stmt s;
    struct err e;
    bool row;
    if (stmt_prepare(&s, &db, sql, "test", &e) || stmt_step(&s, &row, &e)) fail_msg("%s: %s", sql, e.msg);
    int64_t n = row ? stmt_col_int(&s, 0) : -1;
    stmt_close(&s);
    return n;
}

static void sound(void) {
    struct stmt s;
    struct err e;
    bool row;
    assert_int_equal(stmt_prepare(&s, &db, "PRAGMA integrity_check", "test", &e), ERR_OK);
    assert_int_equal(stmt_step(&s, &row, &e), ERR_OK);
    assert_string_equal(stmt_col(&s, 0), "ok");
    stmt_close(&s);
}

static void same_tables(void) {
    assert_int_equal(number("SELECT COUNT(*) FROM (SELECT * FROM fast EXCEPT SELECT * FROM slow)"), 0);
    assert_int_equal(number("SELECT COUNT(*) FROM (SELECT * FROM slow EXCEPT SELECT * FROM fast)"), 0);
    assert_int_equal(number("SELECT COUNT(*) FROM fast") - number("SELECT COUNT(*) FROM slow"), 0);
    /* and in the same order */
    assert_int_equal(
        number("SELECT COUNT(*) FROM (SELECT id, row_number() OVER (ORDER BY rowid) AS k FROM fast) AS f JOIN"
               " (SELECT id, row_number() OVER (ORDER BY rowid) AS k FROM slow) AS s USING (k) WHERE f.id <> s.id"),
        0);
    /* types too: SQLite compares 1 and 1.0 as equal */
    assert_int_equal(number("SELECT COUNT(*) FROM fast JOIN slow USING (id) WHERE typeof(fast.n) <> typeof(slow.n) OR"
                            " typeof(fast.x) <> typeof(slow.x) OR typeof(fast.\"any\") <> typeof(slow.\"any\")"),
                     0);
    sound();
}

static void as_slow(size_t n, uint32_t keys, bool words, int threads) {
    struct table_spec fast = spec("fast", true), slow = spec("slow", false);
    struct rng g;
    struct err e = {0};
    bool fits = false;
    assert_int_equal(db_exec(&db, &e, "DROP TABLE IF EXISTS fast; DROP TABLE IF EXISTS slow"), ERR_OK);
    rng_seed(&g, n + keys + words);
    static const char *const days[] = {"2026-01-16", "2026-01-15", "2026-01-16", "2026-01-17", "2026-01-15"};
    for (size_t i = 0; i < sizeof days / sizeof *days; i++) {
        struct loader_stats f = {0}, s = {0};
        char *text = records(&g, n, keys, words);
        assert_int_equal(bulk_fits(&db, &fast, &fits, &e), ERR_OK);
        assert_true(fits);
        if (load(&fast, days[i], text, threads, &f, &e)) fail_msg("%s", e.msg);
        if (load(&slow, days[i], text, 1, &s, &e)) fail_msg("%s", e.msg);
        assert_int_equal(f.rows_in, s.rows_in);
        assert_int_equal(f.written, s.written);
        assert_int_equal(f.dropped, s.dropped);
        same_tables();
        free(text);
    }
}

static void few_duplicates(void **state) {
    (void)state;
    as_slow(9000, 4000000, false, 1);
    as_slow(9000, 4000000, false, 3);
}
static void many_duplicates(void **state) {
    (void)state;
    as_slow(9000, 1500, false, 2);
    as_slow(300, 10, false, 1);
}
static void words_between(void **state) {
    (void)state;
    as_slow(9000, 4000, true, 2);
}

static void no_key(void **state) {
    (void)state;
    struct table_spec t = spec("free", true);
    struct loader_stats st;
    struct err e = {0};
    t.key.n = 0;
    for (int i = 0; i < 2; i++)
        assert_int_equal(
            load(&t, "2026-01-15", "{\"id\":\"a\"}\n{\"id\":\"a\"}\n{\"id\":\"b\",\"n\":-1}\n", 1, &st, &e), ERR_OK);
    assert_int_equal(number("SELECT COUNT(*) FROM free"), 3);
    sound();
}

/* What the definition did not make is left to SQLite. */
static void strange_tables(void **state) {
    (void)state;
    static const char *const change[] = {"CREATE INDEX own ON other (n)",
                                         "CREATE TRIGGER tr AFTER INSERT ON other BEGIN SELECT 1; END",
                                         "ALTER TABLE other ADD COLUMN more TEXT"};
    struct table_spec t = spec("other", true);
    for (size_t i = 0; i < 3; i++) {
        struct loader_stats st;
        struct err e = {0};
        bool fits = false;
        assert_int_equal(db_exec(&db, &e, "DROP TABLE IF EXISTS other"), ERR_OK);
        assert_int_equal(load(&t, "2026-01-15", "{\"id\":\"a\"}\n", 1, &st, &e), ERR_OK);
        assert_int_equal(bulk_fits(&db, &t, &fits, &e), ERR_OK);
        assert_true(fits);
        assert_int_equal(db_exec(&db, &e, change[i]), ERR_OK);
        assert_int_equal(bulk_fits(&db, &t, &fits, &e), ERR_OK);
        assert_false(fits);
        assert_int_equal(load(&t, "2026-01-15", "{\"id\":\"a\",\"n\":7}\n", 1, &st, &e), ERR_OK);
        assert_int_equal(number("SELECT n FROM other INDEXED BY sqlite_autoindex_other_1 WHERE id = 'a'"), 7);
        sound();
    }
}

/* A key that is no column of its own (dt), an index that only looks like ours, a table under another case. */
static void strange_keys(void **state) {
    (void)state;
    static const char *dt[] = {"dt"};
    struct table_spec t = spec("once", true);
    struct loader_stats st;
    struct err e = {0};
    bool fits = true;
    t.key = (struct strs){dt, 1};
    assert_int_equal(bulk_fits(&db, &t, &fits, &e), ERR_OK);
    assert_false(fits);
    assert_int_equal(load(&t, "2026-01-15", "{\"id\":\"a\"}\n", 1, &st, &e), ERR_OK);
    assert_int_equal(load(&t, "2026-01-16", "{\"id\":\"a\"}\n", 1, &st, &e), ERR_OK);
    assert_int_equal(number("SELECT COUNT(*) FROM once"), 2);
    t = spec("looks", true);
    assert_int_equal(load(&t, "2026-01-15", "{\"id\":\"a\"}\n", 1, &st, &e), ERR_OK);
    assert_int_equal(db_exec(&db, &e, "DROP INDEX looks_dt; CREATE INDEX looks_dt ON looks (dt DESC, n)"), ERR_OK);
    assert_int_equal(bulk_fits(&db, &t, &fits, &e), ERR_OK);
    assert_false(fits);
    t = spec("LOOKS", true);
    assert_int_equal(bulk_fits(&db, &t, &fits, &e), ERR_OK);
    assert_false(fits);
    sound();
}

/* Two columns of one field, in every record and not only in the first. */
static void one_field_two_columns(void **state) {
    (void)state;
    struct column two[] = {{"a", "n", COL_INTEGER, false, false},
                           {"b", "n", COL_TEXT, false, false},
                           {"c", "m", COL_INTEGER, false, false}};
    struct table_spec t = {.table = "two", .mode = LOAD_FULL, .cols = two, .ncols = 3};
    struct loader_stats st;
    struct err e = {0};
    const char *text = "{\"n\":1,\"m\":2}\n{\"n\":3,\"m\":4}\n{\"m\":6,\"n\":5}\n{\"n\":7,\"m\":8}\n";
    assert_int_equal(load(&t, "2026-01-15", text, 1, &st, &e), ERR_OK);
    assert_int_equal(number("SELECT COUNT(*) FROM two WHERE a = CAST(b AS INTEGER) AND c = a + 1"), 4);
}

/* Rows on scattered lines: a place each, which are forgotten in time; the drop names the right line all the same. */
static void scattered_lines(void **state) {
    (void)state;
    struct table_spec t = spec("wide_apart", true);
    struct loader_stats st;
    struct err e = {0};
    struct buf b = {0};
    for (unsigned i = 0; i < 20000; i++) buf_fmt(&b, "\n{\"id\":\"00000000-0000-0000-0000-%012u\"}\n", i % 15000);
    assert_int_equal(load(&t, "2026-01-15", b.p, 1, &st, &e), ERR_OK);
    assert_int_equal(st.written, 15000);
    assert_int_equal(st.dropped, 5000);
    sound();
    buf_free(&b);
}

/* Records as SQLite reads them back: every width of integer, and a header that is longer than one byte says. */
static void record_format(void **state) {
    (void)state;
    static const int64_t ints[] = {0,
                                   1,
                                   2,
                                   -1,
                                   127,
                                   128,
                                   -128,
                                   -129,
                                   32767,
                                   32768,
                                   -32768,
                                   8388607,
                                   -8388609,
                                   2147483647,
                                   -2147483648,
                                   2147483648,
                                   INT64_MAX,
                                   INT64_MIN,
                                   140737488355327,
                                   140737488355328};
    struct buf sql = {0}, text = {0}, cols_text = {0};
    struct err e = {0};
    struct column many[100];
    struct table_spec t = {.table = "wide", .mode = LOAD_FULL, .cols = many, .ncols = 100, .max_dropped = 0};
    struct loader_stats st;
    buf_str(&text, "{");
    for (int i = 0; i < 100; i++) {
        char *name = arena_fmt(&a, "c%d", i);
        bool is_text = i >= 50;
        many[i] = (struct column){.name = name, .from = name, .type = is_text ? COL_TEXT : COL_INTEGER};
        buf_fmt(&text, "%s\"c%d\":", i ? "," : "", i);
        if (is_text) {
            buf_chr(&text, '"');
            for (int k = 0; k < i * 3; k++) buf_chr(&text, 'x');
            buf_chr(&text, '"');
            buf_fmt(&sql, " AND length(c%d) = %d", i, i * 3);
        } else {
            buf_fmt(&text, "%lld", (long long)ints[i % 20]);
            /* the least integer has no literal of its own */
            buf_fmt(&sql, " AND c%d = CAST('%lld' AS INTEGER)", i, (long long)ints[i % 20]);
        }
    }
    buf_str(&text, "}\n");
    assert_int_equal(load(&t, "2026-01-15", text.p, 1, &st, &e), ERR_OK);
    assert_int_equal(st.written, 1);
    assert_int_equal(number(arena_fmt(&a, "SELECT COUNT(*) FROM wide WHERE dt = '2026-01-15'%s", sql.p)), 1);
    buf_free(&sql);
    buf_free(&text);
    buf_free(&cols_text);
}

static int first(void **state) {
    (void)state;
    struct err e = {0};
    log_setup(LOG_ERROR, false, false);
    return mkdtemp(tmp) && db_open(&db, arena_fmt(&a, "%s/w.db", tmp), 0, 1000, &e) == ERR_OK ? 0 : 1;
}
static int last(void **state) {
    (void)state;
    db_close(&db);
    arena_free(&a);
    return dir_remove(tmp, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(few_duplicates), cmocka_unit_test(many_duplicates),       cmocka_unit_test(words_between),
        cmocka_unit_test(no_key),         cmocka_unit_test(strange_tables),        cmocka_unit_test(record_format),
        cmocka_unit_test(strange_keys),   cmocka_unit_test(one_field_two_columns), cmocka_unit_test(scattered_lines)};
    return cmocka_run_group_tests(tests, first, last);
}

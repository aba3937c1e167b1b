/* Loading: what each column type takes, what each mode leaves, and that nothing is left by halves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "io/file.h"
#include "store/table.h"

static char tmp[64] = "/tmp/etl-loader-XXXXXX";
static struct arena a;
static struct db db;
static int number;

static struct table_spec spec(struct column *cols, size_t n, enum load_mode mode) {
    return (struct table_spec){
        .table = arena_fmt(&a, "t%d", ++number), .mode = mode, .cols = cols, .ncols = n, .max_dropped = 100};
}
static const char *one_key[] = {"id"};
static void keyed(struct table_spec *t) {
    t->key = (struct strs){one_key, 1};
}

static int load(const struct table_spec *t, const char *day, const char *text, struct loader_stats *st, struct err *e) {
    static const char *const path = "in.jsonl";
    struct loader *l;
    struct reader *r;
    struct zone z;
    day_t d;
    *st = (struct loader_stats){0};
    assert_true(day_parse(sv_of(day), &d));
    assert_int_equal(zone_find("Asia/Seoul", &z, e), ERR_OK);
    assert_int_equal(loader_open(&l, &db, t, d, &z, 1 << 20, e), ERR_OK);
    assert_int_equal(reader_open(&r, &path, 1, &(struct reader_opt){.text = text, .text_n = strlen(text)}, e), ERR_OK);
    int rc = load_records(l, r, 1, e);
    reader_close(r);
    if (rc)
        loader_abort(l);
    else
        rc = loader_commit(l, NULL, st, e);
    return rc;
}
static struct loader_stats loaded(const struct table_spec *t, const char *day, const char *text) {
    struct loader_stats st;
    struct err e = {0};
    if (load(t, day, text, &st, &e)) fail_msg("%s", e.msg);
    assert_int_equal(st.rows_in, st.written + st.dropped);
    return st;
}

/* All values of a query, columns parted by | and rows by newlines; (null) for NULL. */
static const char *query(const char *sql) {
    struct stmt s;
    struct err e = {0};
    struct buf b = {0};
    bool row;
    if (stmt_prepare(&s, &db, sql, "test", &e)) fail_msg("%s: %s", sql, e.msg);
    while (stmt_step(&s, &row, &e) == ERR_OK && row) {
        if (b.n) buf_chr(&b, '\n');
        for (int i = 0; i < sqlite3_column_count(s.h); i++)
            buf_fmt(&b, "%s%s", i ? "|" : "", stmt_col(&s, i) ? stmt_col(&s, i) : "(null)");
    }
    stmt_close(&s);
    const char *text = arena_strn(&a, buf_text(&b), b.n);
    buf_free(&b);
    return text;
}
#define Q(...) query(arena_fmt(&a, __VA_ARGS__))

static void types(void **state) {
    (void)state;
    static const struct {
        enum column_type type;
        const char *json, *want; /* NULL: dropped */
    } t[] = {
        {COL_TEXT, "\"a\\u0041\\n\"", "aA\n"},
        {COL_TEXT, "\"\"", ""},
        {COL_TEXT, "1.50", "1.50"},
        {COL_TEXT, "true", "true"},
        {COL_TEXT, "null", "(null)"},
        {COL_TEXT, "[]", NULL},
        {COL_TEXT, "{}", NULL},
        {COL_INTEGER, "5", "5"},
        {COL_INTEGER, "-9223372036854775808", "-9223372036854775808"},
        {COL_INTEGER, "9223372036854775807", "9223372036854775807"},
        {COL_INTEGER, "9223372036854775808", NULL},
        {COL_INTEGER, "1.0", "1"},
        {COL_INTEGER, "1e3", "1000"},
        {COL_INTEGER, "1.5", NULL},
        {COL_INTEGER, "\"5\"", NULL},
        {COL_INTEGER, "true", NULL},
        {COL_INTEGER, "null", "(null)"},
        {COL_REAL, "1", "1.0"},
        {COL_REAL, "0.1", "0.1"},
        {COL_REAL, "-2e2", "-200.0"},
        {COL_REAL, "\"1\"", NULL},
        {COL_REAL, "1e999", NULL},
        {COL_REAL, "false", NULL},
        {COL_NUMBER, "1", "1"},
        {COL_NUMBER, "1.5", "1.5"},
        {COL_NUMBER, "2.0", "2"},
        {COL_NUMBER, "\"1\"", NULL},
        {COL_NUMBER, "1e400", NULL},
        {COL_NUMBER, "[1]", NULL},
        {COL_BOOLEAN, "true", "1"},
        {COL_BOOLEAN, "false", "0"},
        {COL_BOOLEAN, "1", NULL},
        {COL_BOOLEAN, "\"true\"", NULL},
        {COL_BOOLEAN, "null", "(null)"},
        {COL_DATE, "\"2024-02-29\"", "2024-02-29"},
        {COL_DATE, "\"2023-02-29\"", NULL},
        {COL_DATE, "\"2024-2-29\"", NULL},
        {COL_DATE, "\"2024-02-29T00:00:00\"", NULL},
        {COL_DATE, "20240229", NULL},
        {COL_DATE, "\"\"", NULL},
        {COL_TIMESTAMP, "\"2026-01-15T00:08:03\"", "2026-01-15T00:08:03"},
        {COL_TIMESTAMP, "\"2026-01-15 00:08:03.25\"", "2026-01-15 00:08:03.25"},
        {COL_TIMESTAMP, "\"2026-01-15T00:08:03Z\"", "2026-01-15T09:08:03"},
        {COL_TIMESTAMP, "\"2026-01-15T20:00:00-05:00\"", "2026-01-16T10:00:00"},
        {COL_TIMESTAMP, "\"2026-01-15T09:00:00+09:00\"", "2026-01-15T09:00:00"},
        {COL_TIMESTAMP, "\"2026-01-15T00:00:00.5Z\"", "2026-01-15T09:00:00.500000"},
        {COL_TIMESTAMP, "\"1969-12-31T23:59:59.5Z\"", "1970-01-01T08:59:59.500000"},
        {COL_TIMESTAMP, "\"2026-01-15T25:00:00\"", NULL},
        {COL_TIMESTAMP, "\"yesterday\"", NULL},
        {COL_TIMESTAMP, "0", NULL},
        {COL_JSON, "{\"a\": 1}", "{\"a\": 1}"},
        {COL_JSON, "[1]", "[1]"},
        {COL_JSON, "\"{\\\"a\\\":1}\"", "{\"a\":1}"},
        {COL_JSON, "\"\"", "(null)"},
        {COL_JSON, "\"{no\"", NULL},
        {COL_JSON, "5", NULL},
        {COL_JSON, "true", NULL},
        {COL_JSON, "null", "(null)"},
    };
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        struct column c[] = {{"v", "v", t[i].type, false, false}};
        struct table_spec s = spec(c, 1, LOAD_FULL);
        struct loader_stats st = loaded(&s, "2026-01-15", arena_fmt(&a, "{\"v\":%s}\n", t[i].json));
        if (st.written != (t[i].want != NULL))
            fail_msg("%s %s: written %llu", column_type_names[t[i].type], t[i].json, (unsigned long long)st.written);
        const char *got = Q("SELECT v FROM %s", s.table);
        if (t[i].want && strcmp(got, t[i].want)) fail_msg("%s %s: %s", column_type_names[t[i].type], t[i].json, got);
    }
}

static void fields(void **state) {
    (void)state;
    struct column c[] = {{"id", "id", COL_INTEGER, true, false}, {"name", "full name", COL_TEXT, false, false}};
    struct table_spec s = spec(c, 2, LOAD_FULL);
    struct loader_stats st =
        loaded(&s, "2026-01-15",
               "{\"id\":1,\"full name\":\"x\",\"more\":[1]}\n{\"id\":null}\n{\"name\":\"y\"}\n{\"i\\u0064\":2,\"full "
               "name\":null}\n{\"id\":3,\"id\":4}\n5\nbroken\n[]\n");
    assert_int_equal(st.rows_in, 8);
    assert_int_equal(st.written, 3);
    assert_int_equal(st.dropped, 5);
    assert_string_equal(Q("SELECT id, name, dt FROM %s ORDER BY id", s.table),
                        "1|x|2026-01-15\n2|(null)|2026-01-15\n4|(null)|2026-01-15");
}

static void modes(void **state) {
    (void)state;
    static const struct {
        enum load_mode mode;
        bool key;
        const char *after; /* day 1 twice, day 2, then day 1 anew with other rows */
    } t[] = {{LOAD_REPLACE_DAY, false, "1|c|2026-01-01\n1|b|2026-01-02\n3|b|2026-01-02\n4|c|2026-01-01"},
             {LOAD_FULL, false, "1|c|2026-01-01\n4|c|2026-01-01"},
             {LOAD_UPSERT, true, "1|c|2026-01-01\n2|a|2026-01-01\n3|b|2026-01-02\n4|c|2026-01-01"},
             {LOAD_IGNORE, true, "1|a|2026-01-01\n2|a|2026-01-01\n3|b|2026-01-02\n4|c|2026-01-01"}};
    struct column c[] = {{"id", "id", COL_INTEGER, true, false}, {"v", "v", COL_TEXT, false, false}};
    for (size_t i = 0; i < 4; i++) {
        struct table_spec s = spec(c, 2, t[i].mode);
        if (t[i].key) keyed(&s);
        for (int twice = 0; twice < 2; twice++) {
            struct loader_stats st = loaded(&s, "2026-01-01", "{\"id\":1,\"v\":\"a\"}\n{\"id\":2,\"v\":\"a\"}\n");
            assert_int_equal(st.written, 2); /* the day's own rows count, however often it is done */
            assert_int_equal(st.updated, t[i].mode == LOAD_UPSERT && twice ? 2 : 0);
            assert_string_equal(Q("SELECT * FROM %s ORDER BY id", s.table), "1|a|2026-01-01\n2|a|2026-01-01");
        }
        struct loader_stats st = loaded(&s, "2026-01-02", "{\"id\":1,\"v\":\"b\"}\n{\"id\":3,\"v\":\"b\"}\n");
        assert_int_equal(st.written, t[i].mode == LOAD_IGNORE ? 1 : 2); /* those of another day do not */
        if (t[i].mode == LOAD_IGNORE) {                                 /* nor one that comes twice in one load */
            st = loaded(&s, "2026-01-02", "{\"id\":3,\"v\":\"b\"}\n{\"id\":3,\"v\":\"b\"}\n");
            assert_true(st.written == 1 && st.dropped == 1);
        }
        for (int twice = 0; twice < 2; twice++) {
            loaded(&s, "2026-01-01", "{\"id\":1,\"v\":\"c\"}\n{\"id\":4,\"v\":\"c\"}\n");
            assert_string_equal(Q("SELECT * FROM %s ORDER BY id, dt %s", s.table, i ? "" : ""), t[i].after);
        }
    }
}

/* Upsert with the day in the key: a day loaded again leaves nothing of its earlier load, and nothing else is touched.
 */
static void upsert_of_a_day(void **state) {
    (void)state;
    struct column c[] = {{"id", "id", COL_INTEGER, true, false},
                         {"v", "v", COL_TEXT, false, false},
                         {"on", "on", COL_DATE, true, false}};
    struct table_spec s = spec(c, 3, LOAD_UPSERT);
    const char *keys[] = {"id", "on"};
    struct err e = {0};
    s.key = (struct strs){keys, 2};
    loaded(&s, "2026-01-01",
           "{\"id\":1,\"v\":\"a\",\"on\":\"2026-01-01\"}\n{\"id\":2,\"v\":\"a\",\"on\":\"2025-12-31\"}\n");
    struct loader_stats st =
        loaded(&s, "2026-01-02",
               "{\"id\":1,\"v\":\"b\",\"on\":\"2026-01-02\"}\n{\"id\":3,\"v\":\"b\",\"on\":\"2026-01-02\"}\n");
    assert_int_equal(st.updated, 0);
    assert_int_equal(db_exec(&db, &e, arena_fmt(&a, "ALTER TABLE %s ADD COLUMN note TEXT", s.table)), ERR_OK);
    assert_int_equal(db_exec(&db, &e, arena_fmt(&a, "UPDATE %s SET note='mine'", s.table)), ERR_OK);
    st = loaded(&s, "2026-01-02",
                "{\"id\":3,\"v\":\"c\",\"on\":\"2026-01-02\"}\n{\"id\":4,\"v\":\"c\",\"on\":\"2026-01-02\"}\n");
    assert_int_equal(st.written, 2);
    assert_int_equal(st.updated, 1);
    assert_string_equal(
        Q("SELECT id, v, \"on\", note, dt FROM %s ORDER BY id, dt", s.table),
        "1|a|2026-01-01|mine|2026-01-01\n2|a|2025-12-31|mine|2026-01-01\n3|c|2026-01-02|mine|2026-01-02\n"
        "4|c|2026-01-02|(null)|2026-01-02");
}

/* Two datasets in one table: a load of the one leaves alone what the other brought. */
static void upsert_of_two(void **state) {
    (void)state;
    struct column c[] = {{"id", "id", COL_INTEGER, true, false}, {"on", "on", COL_DATE, true, false}};
    struct table_spec s = spec(c, 2, LOAD_UPSERT);
    static const char *const in[] = {"{\"id\":1,\"on\":\"2026-01-02\"}\n{\"id\":2,\"on\":\"2026-01-02\"}\n",
                                     "{\"id\":3,\"on\":\"2026-01-02\"}\n", "{\"id\":4,\"on\":\"2026-01-02\"}\n"};
    static const char *const name[] = {"a", "a", "b"}, *const after[] = {"1\n2", "3", "3\n4"};
    const char *keys[] = {"id", "on"};
    s.key = (struct strs){keys, 2};
    struct err made = {0};
    assert_int_equal(db_exec(&db, &made,
                             "CREATE TABLE IF NOT EXISTS etl_done (pipeline TEXT, day TEXT, stage TEXT, name TEXT, "
                             "digest TEXT, done_at TEXT, PRIMARY KEY (pipeline, day, stage, name))"),
                     ERR_OK);
    for (int i = 0; i < 3; i++) {
        struct warehouse_mark mark = {"p", "2026-01-02", "load", name[i], "x"};
        struct err e = {0};
        struct zone z = {0};
        struct loader *l;
        struct reader *r;
        const char *path = "in.jsonl";
        day_t day;
        assert_true(day_parse(sv_of("2026-01-02"), &day));
        assert_int_equal(loader_open(&l, &db, &s, day, &z, 1 << 20, &e), ERR_OK);
        assert_int_equal(reader_open(&r, &path, 1, &(struct reader_opt){.text = in[i], .text_n = strlen(in[i])}, &e),
                         ERR_OK);
        assert_int_equal(load_records(l, r, 1, &e), ERR_OK);
        reader_close(r);
        if (loader_commit(l, &mark, NULL, &e)) fail_msg("%s", e.msg);
        assert_string_equal(Q("SELECT id FROM %s WHERE dt='2026-01-02' ORDER BY id", s.table), after[i]);
    }
}

/* A key within one day: the first stays, the second is dropped; and a key that another day holds is a drop too. */
static void key_conflicts(void **state) {
    (void)state;
    struct column c[] = {{"id", "id", COL_INTEGER, true, false}, {"v", "v", COL_TEXT, false, false}};
    struct table_spec s = spec(c, 2, LOAD_REPLACE_DAY);
    keyed(&s);
    struct loader_stats st = loaded(&s, "2026-01-01", "{\"id\":1,\"v\":\"a\"}\n{\"id\":1,\"v\":\"b\"}\n");
    assert_int_equal(st.written, 1);
    assert_int_equal(st.dropped, 1);
    st = loaded(&s, "2026-01-02", "{\"id\":1,\"v\":\"c\"}\n{\"id\":2,\"v\":\"c\"}\n");
    assert_int_equal(st.dropped, 1);
    assert_string_equal(Q("SELECT * FROM %s ORDER BY id", s.table), "1|a|2026-01-01\n2|c|2026-01-02");
}

static void too_many_dropped(void **state) {
    (void)state;
    struct column c[] = {{"id", "id", COL_INTEGER, true, false}};
    struct table_spec s = spec(c, 1, LOAD_REPLACE_DAY);
    struct loader_stats st;
    struct err e = {0};
    loaded(&s, "2026-01-01", "{\"id\":1}\n{\"id\":2}\n");
    s.max_dropped = 50;
    assert_int_equal(load(&s, "2026-01-01", "{\"id\":7}\n{}\n{}\n", &st, &e), ERR_DATA);
    assert_non_null(strstr(e.msg, s.table));
    assert_string_equal(Q("SELECT id FROM %s ORDER BY id", s.table), "1\n2");
    assert_int_equal(load(&s, "2026-01-01", "{\"id\":7}\n{}\n", &st, &e), ERR_OK); /* exactly the limit */
    assert_string_equal(Q("SELECT id FROM %s", s.table), "7");
    s.max_dropped = 0;
    assert_int_equal(load(&s, "2026-01-01", "{\"id\":8}\n{\"id\":\"x\"}\n", &st, &e), ERR_DATA);
    assert_string_equal(Q("SELECT id FROM %s", s.table), "7");
}

/* ignore_duplicates also where people have put a unique index of their own on the table. */
static void ignored_by_another_index(void **state) {
    (void)state;
    struct column c[] = {{"id", "id", COL_INTEGER, true, false}, {"v", "v", COL_TEXT, false, false}};
    struct table_spec s = spec(c, 2, LOAD_IGNORE);
    struct err e = {0};
    keyed(&s);
    struct loader_stats st = loaded(&s, "2026-01-01", "{\"id\":1,\"v\":\"a\"}\n");
    char *sql = arena_fmt(&a, "CREATE UNIQUE INDEX mine_%s ON %s (v)", s.table, s.table);
    assert_int_equal(db_exec(&db, &e, sql), ERR_OK);
    st = loaded(&s, "2026-01-02", "{\"id\":2,\"v\":\"a\"}\n{\"id\":3,\"v\":\"b\"}\n");
    assert_true(st.written == 1 && st.dropped == 1);
    assert_string_equal(Q("SELECT * FROM %s ORDER BY id", s.table), "1|a|2026-01-01\n3|b|2026-01-02");
}

static void aborted(void **state) {
    (void)state;
    struct column c[] = {{"id", "id", COL_INTEGER, true, false}};
    struct table_spec s = spec(c, 1, LOAD_FULL);
    static const char *const path = "in.jsonl", text[] = "{\"id\":9}\n";
    struct err e = {0};
    struct zone z = {0};
    struct loader *l;
    struct reader *r;
    loaded(&s, "2026-01-01", "{\"id\":1}\n");
    assert_int_equal(loader_open(&l, &db, &s, 0, &z, 1 << 20, &e), ERR_OK);
    assert_int_equal(reader_open(&r, &path, 1, &(struct reader_opt){.text = text, .text_n = 9}, &e), ERR_OK);
    assert_int_equal(load_records(l, r, 1, &e), ERR_OK);
    assert_int_equal(loader_rows_in(l), 1);
    reader_close(r);
    loader_abort(l);
    loader_abort(NULL);
    assert_string_equal(Q("SELECT id FROM %s", s.table), "1");
    /* a table that the aborted load made is gone with it */
    struct table_spec n = spec(c, 1, LOAD_FULL);
    assert_int_equal(loader_open(&l, &db, &n, 0, &z, 1 << 20, &e), ERR_OK);
    assert_int_equal(reader_open(&r, &path, 1, &(struct reader_opt){.text = text, .text_n = 9}, &e), ERR_OK);
    assert_int_equal(load_records(l, r, 1, &e), ERR_OK);
    reader_close(r);
    loader_abort(l);
    assert_string_equal(Q("SELECT COUNT(*) FROM sqlite_schema WHERE name='%s'", n.table), "0");
}

static void new_columns(void **state) {
    (void)state;
    struct column c[] = {{"id", "id", COL_INTEGER, true, false},
                         {"v", "v", COL_TEXT, false, false},
                         {"must", "must", COL_TEXT, true, false}};
    struct table_spec s = spec(c, 1, LOAD_UPSERT);
    keyed(&s);
    struct loader_stats st;
    struct err e = {0};
    loaded(&s, "2026-01-01", "{\"id\":1}\n");
    s.ncols = 2;
    assert_int_equal(load(&s, "2026-01-01", "{\"id\":2,\"v\":\"x\"}\n", &st, &e), ERR_CONFIG);
    assert_non_null(strstr(e.msg, "new_columns"));
    assert_string_equal(Q("SELECT * FROM %s", s.table), "1|2026-01-01");
    s.add_columns = true;
    assert_int_equal(load(&s, "2026-01-01", "{\"id\":2,\"v\":\"x\"}\n", &st, &e), ERR_OK);
    assert_string_equal(Q("SELECT id, v FROM %s ORDER BY id", s.table), "1|(null)\n2|x");
    s.ncols = 3;
    assert_int_equal(load(&s, "2026-01-01", "{\"id\":3,\"must\":\"x\"}\n", &st, &e), ERR_CONFIG);
    /* another type under the same name */
    s.ncols = 2;
    c[1].type = COL_INTEGER;
    assert_int_equal(load(&s, "2026-01-01", "{\"id\":3}\n", &st, &e), ERR_CONFIG);
    assert_non_null(strstr(e.msg, "v"));
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
    const struct CMUnitTest tests[] = {cmocka_unit_test(types),
                                       cmocka_unit_test(fields),
                                       cmocka_unit_test(modes),
                                       cmocka_unit_test(upsert_of_a_day),
                                       cmocka_unit_test(upsert_of_two),
                                       cmocka_unit_test(key_conflicts),
                                       cmocka_unit_test(too_many_dropped),
                                       cmocka_unit_test(ignored_by_another_index),
                                       cmocka_unit_test(aborted),
                                       cmocka_unit_test(new_columns)};
    return cmocka_run_group_tests(tests, first, last);
}

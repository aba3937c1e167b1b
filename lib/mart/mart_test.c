/* Marts: built aside, tested, swapped; a failing test keeps the old rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "io/file.h"
#include "mart/mart.h"

static char tmp[64] = "/tmp/etl-mart-XXXXXX";
static struct arena a;
static struct db db;
static struct pipeline *p;

static const char *query(const char *sql) {
    struct stmt s;
    struct err e = {0};
    struct buf b = {0};
    bool row;
    if (stmt_prepare(&s, &db, sql, "test", &e)) fail_msg("%s: %s", sql, e.msg);
    while (stmt_step(&s, &row, &e) == ERR_OK && row) {
        if (b.n) buf_chr(&b, ' ');
        for (int i = 0; i < sqlite3_column_count(s.h); i++)
            buf_fmt(&b, "%s%s", i ? "|" : "", stmt_col(&s, i) ? stmt_col(&s, i) : "-");
    }
    stmt_close(&s);
    const char *text = arena_strn(&a, buf_text(&b), b.n);
    buf_free(&b);
    return text;
}
static int build(const char *model, const char *day, struct err *e) {
    struct mart_params m = {
        .ds = day, .run_id = "run", .quality_status = "PASS", .started_at = "s", .finished_at = "f", .mark = {0}};
    int64_t rows;
    return mart_build(&db, p, pipeline_model(p, model), &m, &rows, e);
}
static void built(const char *model, const char *day) {
    struct err e = {0};
    if (build(model, day, &e)) fail_msg("%s: %s", model, e.msg);
}
static void sql(const char *text) {
    struct err e = {0};
    if (db_exec(&db, &e, text)) fail_msg("%s", e.msg);
}

static void daily(void **state) {
    (void)state;
    sql("DELETE FROM ev; INSERT INTO ev VALUES "
        "('2026-01-01','a',1),('2026-01-01','a',2),('2026-01-01','b',5),('2026-01-02','a',7)");
    for (int twice = 0; twice < 2; twice++) {
        built("per_day", "2026-01-01");
        assert_string_equal(query("SELECT d, k, n FROM per_day ORDER BY d, k"), "2026-01-01|a|3 2026-01-01|b|5");
    }
    built("per_day", "2026-01-02");
    sql("DELETE FROM ev WHERE d='2026-01-01' AND k='b'");
    built("per_day", "2026-01-01");
    assert_string_equal(query("SELECT d, k, n FROM per_day ORDER BY d, k"), "2026-01-01|a|3 2026-01-02|a|7");
    /* a test that fails leaves the mart as it was */
    sql("UPDATE ev SET n=-100 WHERE d='2026-01-01'");
    struct err e = {0};
    sql("INSERT INTO ev VALUES ('2026-01-01', NULL, 1)");
    assert_int_equal(build("per_day", "2026-01-01", &e), ERR_TEST);
    assert_non_null(strstr(e.msg, "per_day"));
    assert_string_equal(query("SELECT d, k, n FROM per_day ORDER BY d, k"), "2026-01-01|a|3 2026-01-02|a|7");
    assert_int_equal(sqlite3_get_autocommit(db.h), 1);
}

static void earliest_day_keeps_a_key(void **state) {
    (void)state;
    for (int order = 0; order < 2; order++) {
        sql("DROP TABLE IF EXISTS firsts; DELETE FROM ev; INSERT INTO ev VALUES "
            "('2026-01-01','a',1),('2026-01-02','a',2),('2026-01-02','b',3)");
        built("firsts", order ? "2026-01-02" : "2026-01-01");
        built("firsts", order ? "2026-01-01" : "2026-01-02");
        assert_string_equal(query("SELECT k, d FROM firsts ORDER BY k"), "a|2026-01-01 b|2026-01-02");
    }
}

static void table_view_cte(void **state) {
    (void)state;
    sql("DELETE FROM ev; INSERT INTO ev VALUES ('2026-01-01','a',1),('2026-01-02','b',2)");
    built("part", "2026-01-01"); /* a cte makes nothing */
    assert_string_equal(query("SELECT COUNT(*) FROM sqlite_schema WHERE name='part'"), "0");
    built("whole", "2026-01-01");
    assert_string_equal(query("SELECT k FROM whole ORDER BY k"), "a b");
    built("seen", "2026-01-01");
    assert_string_equal(query("SELECT type FROM sqlite_schema WHERE name='seen'"), "view");
    sql("DELETE FROM ev WHERE k='a'");
    assert_string_equal(query("SELECT k FROM seen"), "b");
    built("whole", "2026-01-02");
    assert_string_equal(query("SELECT k FROM whole"), "b");
}

static int first(void **state) {
    (void)state;
    struct err e = {0};
    if (!mkdtemp(tmp)) return 1;
    const char *dir = arena_fmt(&a, "%s/schemas/tm", tmp);
    static const char *const files[][2] = {
        {"pipeline.json",
         "{\"name\":\"tm\",\"zone\":\"UTC\",\"datasets\":[{\"name\":\"d\",\"source\":{\"kind\":\"files\",\"path\":"
         "\"x\"},\"load\":{\"table\":\"ev\",\"mode\":\"replace_day\",\"columns\":[{\"name\":\"d\",\"type\":\"date\"},{"
         "\"name\":\"k\",\"type\":\"text\"},{\"name\":\"n\",\"type\":\"integer\"}]}}],"
         "\"models\":[{\"name\":\"per_day\",\"sql\":\"per_day.sql\",\"kind\":\"daily\",\"day\":\"d\",\"key\":[\"k\","
         "\"d\"],\"columns\":[{\"name\":\"d\",\"type\":\"date\"},{\"name\":\"k\",\"type\":\"text\"},{\"name\":\"n\","
         "\"type\":\"integer\"}],\"tests\":[{\"not_null\":[\"k\"]},{\"unique\":[\"k\",\"d\"]}]},"
         "{\"name\":\"firsts\",\"sql\":\"firsts.sql\",\"kind\":\"daily\",\"day\":\"d\",\"key\":[\"k\"],\"columns\":[{"
         "\"name\":\"k\",\"type\":\"text\"},{\"name\":\"d\",\"type\":\"date\"}]},"
         "{\"name\":\"part\",\"sql\":\"part.sql\",\"kind\":\"cte\"},{\"name\":\"whole\",\"sql\":\"whole.sql\",\"kind\":"
         "\"table\",\"columns\":[{\"name\":\"k\",\"type\":\"text\"}]},{\"name\":\"seen\",\"sql\":\"part.sql\",\"kind\":"
         "\"view\"}]}"},
        {"per_day.sql", "SELECT d, k, SUM(n) AS n FROM {{ ref('ev') }} WHERE d = :ds GROUP BY d, k"},
        {"firsts.sql", "SELECT DISTINCT k, d FROM {{ ref('ev') }} WHERE d = :ds"},
        {"part.sql", "SELECT DISTINCT k FROM {{ ref('ev') }}"},
        {"whole.sql", "SELECT k FROM {{ ref('part') }}"}};
    int rc = dir_make(dir, &e);
    for (size_t i = 0; i < 5 && !rc; i++)
        rc = file_publish(arena_fmt(&a, "%s/%s", dir, files[i][0]), files[i][1], strlen(files[i][1]), &e);
    if (!rc) rc = pipeline_load(&p, "tm", tmp, &e);
    if (!rc) rc = db_open(&db, arena_fmt(&a, "%s/w.db", tmp), 0, 1000, &e);
    if (!rc) rc = db_exec(&db, &e, "CREATE TABLE ev (d TEXT, k TEXT, n INTEGER)");
    if (rc) fprintf(stderr, "%s\n", e.msg);
    return rc;
}
static int last(void **state) {
    (void)state;
    db_close(&db);
    pipeline_free(p);
    arena_free(&a);
    return dir_remove(tmp, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(daily), cmocka_unit_test(earliest_day_keeps_a_key),
                                       cmocka_unit_test(table_view_cte)};
    return cmocka_run_group_tests(tests, first, last);
}

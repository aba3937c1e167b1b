/* The ledger and the handles below it: opening, refusing, rows, and what a killed run leaves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/hash.h"
#include "base/log.h"
#include "io/file.h"
#include "store/ledger.h"

static char tmp[64] = "/tmp/etl-ledger-XXXXXX";
static struct arena a;

static const char *query(struct db *db, const char *sql) {
    struct stmt s;
    struct err e = {0};
    bool row;
    if (stmt_prepare(&s, db, sql, "test", &e) || stmt_step(&s, &row, &e)) fail_msg("%s: %s", sql, e.msg);
    const char *text = row ? arena_str(&a, stmt_col(&s, 0) ? stmt_col(&s, 0) : "(null)") : "(none)";
    stmt_close(&s);
    return text;
}
static const char *home_of(const char *name) {
    return arena_fmt(&a, "%s/%s", tmp, name);
}
static const char *digest(const char *path) {
    struct buf b = {0};
    struct err e = {0};
    char *hex = arena_alloc(&a, 65);
    if (file_read(path, 1 << 24, &b, &e)) fail_msg("%s", e.msg);
    sha256_of(buf_text(&b), b.n, hex);
    buf_free(&b);
    return hex;
}

static void opening(void **state) {
    (void)state;
    struct ledger l;
    struct err e = {0};
    const char *home = home_of("new/home");
    assert_int_equal(ledger_open_read(&l, home, &e), ERR_NOINPUT);
    assert_false(file_exists(home));
    assert_int_equal(ledger_open(&l, home, &e), ERR_OK);
    assert_string_equal(query(&l.db, "PRAGMA journal_mode"), "wal");
    assert_string_equal(query(&l.db, "PRAGMA synchronous"), "2");
    assert_string_equal(query(&l.db, "PRAGMA user_version"), "2");
    assert_string_equal(
        query(&l.db, "SELECT COUNT(*) FROM sqlite_schema WHERE name IN ('runs','tasks','requests','cursors','events')"),
        "5");
    ledger_close(&l);
    assert_int_equal(ledger_open(&l, home, &e), ERR_OK); /* again */
    ledger_close(&l);
    assert_int_equal(ledger_open_read(&l, home, &e), ERR_OK);
    assert_int_not_equal(db_exec(&l.db, &e, "DELETE FROM runs"), ERR_OK);
    ledger_close(&l);
}

static void newer_version(void **state) {
    (void)state;
    struct ledger l;
    struct err e = {0};
    const char *home = home_of("newer"), *path = arena_fmt(&a, "%s/ledger.db", home);
    assert_int_equal(ledger_open(&l, home, &e), ERR_OK);
    assert_int_equal(db_execf(&l.db, &e, "PRAGMA user_version=%d; PRAGMA wal_checkpoint(TRUNCATE)", LEDGER_VERSION + 1),
                     ERR_OK);
    ledger_close(&l);
    const char *before = digest(path);
    assert_int_equal(ledger_open(&l, home, &e), ERR_VERSION);
    assert_non_null(strstr(e.msg, path));
    assert_int_equal(ledger_open_read(&l, home, &e), ERR_VERSION);
    assert_string_equal(digest(path), before);
}

static void damaged(void **state) {
    (void)state;
    struct ledger l;
    struct err e = {0};
    const char *home = home_of("damaged"), *path = arena_fmt(&a, "%s/ledger.db", home);
    assert_int_equal(dir_make(home, &e), ERR_OK);
    static const char *const texts[] = {"x", "this is no database at all, but a text of some length",
                                        "SQLite format 3"};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(file_publish(path, texts[i], strlen(texts[i]), &e), ERR_OK);
        assert_int_equal(ledger_open(&l, home, &e), ERR_CORRUPT);
        assert_non_null(strstr(e.msg, path));
        assert_int_equal(ledger_open_read(&l, home, &e), ERR_CORRUPT);
        struct buf b = {0};
        assert_int_equal(file_read(path, 1000, &b, &e), ERR_OK);
        assert_string_equal(b.p, texts[i]);
        buf_free(&b);
    }
    /* the right head, then rubbish */
    struct buf b = {0};
    buf_add(&b, "SQLite format 3", 16);
    for (int i = 0; i < 20000; i++) buf_chr(&b, (char)(i * 7));
    assert_int_equal(file_publish(path, b.p, b.n, &e), ERR_OK);
    const char *before = digest(path);
    assert_int_equal(ledger_open(&l, home, &e), ERR_CORRUPT);
    assert_string_equal(digest(path), before);
    buf_free(&b);
}

static struct task_row task(const char *mode, const char *stage, const char *input) {
    return (struct task_row){.run_id = "r",
                             .pipeline = "p",
                             .day = "2026-01-15",
                             .stage = stage,
                             .dataset = "d",
                             .mode = mode,
                             .attempt = 1,
                             .input_digest = input,
                             .definition_digest = "def"};
}
static void do_task(struct ledger *l, struct task_row t, const char *state_, const char *output) {
    struct err e = {0};
    assert_int_equal(ledger_task_start(l, &t, &e), ERR_OK);
    assert_true(t.id > 0);
    t.rows_in = 10;
    t.rows_out = 7;
    t.rows_rejected = 3;
    t.seconds = 0.5;
    t.output_digest = output;
    assert_int_equal(ledger_task_end(l, &t, state_, NULL, &e), ERR_OK);
}
static struct task_seen seen(struct ledger *l, const char *stage) {
    struct task_seen s;
    struct err e = {0};
    assert_int_equal(ledger_task_last(l, &a, "p", "2026-01-15", stage, "d", &s, &e), ERR_OK);
    return s;
}

static void runs_and_tasks(void **state) {
    (void)state;
    struct ledger l;
    struct err e = {0};
    assert_int_equal(ledger_open(&l, home_of("rows"), &e), ERR_OK);
    struct run_row r = {.pipeline = "p", .day = "2026-01-15", .command = "etl run"}, r2 = r;
    assert_int_equal(ledger_run_start(&l, &r, &e), ERR_OK);
    assert_int_equal(r.attempt, 1);
    assert_int_equal(ledger_run_start(&l, &r2, &e), ERR_OK);
    assert_int_equal(r2.attempt, 2);
    assert_string_not_equal(r.run_id, r2.run_id);
    assert_string_equal(query(&l.db, "SELECT group_concat(state) FROM runs"), "running,running");
    assert_true(secret_add("hunter2-secret"));
    assert_int_equal(ledger_run_end(&l, &r, "failed", "the key hunter2-secret is wrong\033[2J", &e), ERR_OK);
    const char *error = query(&l.db, "SELECT error FROM runs WHERE state='failed'");
    assert_null(strstr(error, "hunter2"));
    assert_null(strchr(error, '\033'));
    assert_non_null(strstr(error, "***"));
    assert_int_equal(strlen(query(&l.db, "SELECT finished_at FROM runs WHERE state='failed'")), 20);
    secret_free();
    assert_int_not_equal(ledger_run_end(&l, &r, "no such state", NULL, &e), ERR_OK);

    assert_false(seen(&l, "load").found);
    do_task(&l, task("run", "load", "in1"), "done", "out1");
    struct task_seen s = seen(&l, "load");
    assert_true(s.found);
    assert_string_equal(s.state, "done");
    assert_string_equal(s.input_digest, "in1");
    assert_string_equal(s.definition_digest, "def");
    assert_string_equal(s.output_digest, "out1");
    assert_string_equal(s.version, ETL_VERSION);
    assert_int_equal(s.rows_in, 10);
    assert_int_equal(s.rows_out, 7);
    assert_int_equal(s.rows_rejected, 3);
    do_task(&l, task("run", "load", "in2"), "failed", NULL);
    s = seen(&l, "load");
    assert_string_equal(s.state, "failed");
    assert_string_equal(s.input_digest, "in2");
    /* by hand: loads and marts change the same warehouse and count, others do not */
    do_task(&l, task("filter", "load", "in3"), "done", NULL);
    assert_string_equal(seen(&l, "load").input_digest, "in3");
    do_task(&l, task("filter", "mart", "in3"), "done", NULL);
    assert_true(seen(&l, "mart").found);
    do_task(&l, task("run", "validate", "in4"), "done", NULL);
    do_task(&l, task("filter", "validate", "in5"), "gate_failed", NULL);
    assert_string_equal(seen(&l, "validate").input_digest, "in4");
    do_task(&l, task("filter", "collect", "in5"), "done", NULL);
    assert_false(seen(&l, "collect").found);
    /* events are appended only */
    assert_int_equal(ledger_event(&l, "p", "2026-01-15", r.run_id, "force", NULL, &e), ERR_OK);
    assert_string_equal(query(&l.db, "SELECT what FROM events"), "force");
    assert_int_not_equal(db_exec(&l.db, &e, "UPDATE events SET what='x'"), ERR_OK);
    assert_int_not_equal(db_exec(&l.db, &e, "DELETE FROM events"), ERR_OK);
    ledger_close(&l);
}

static void sweep(void **state) {
    (void)state;
    struct ledger l;
    struct err e = {0};
    const char *home = home_of("sweep");
    pid_t pid = fork();
    if (!pid) { /* a run that is killed in the middle */
        assert_int_equal(ledger_open(&l, home, &e), ERR_OK);
        struct run_row r = {.pipeline = "p", .day = "2026-01-15", .command = "x"},
                       o = {.pipeline = "other", .day = "2026-01-15", .command = "x"};
        struct task_row t = task("run", "load", "in");
        int rc = ledger_run_start(&l, &r, &e) || ledger_run_start(&l, &o, &e) || ledger_task_start(&l, &t, &e);
        _exit(rc);
    }
    int status;
    waitpid(pid, &status, 0);
    assert_int_equal(status, 0);
    assert_int_equal(ledger_open(&l, home, &e), ERR_OK);
    assert_string_equal(query(&l.db, "SELECT state FROM runs WHERE pipeline='p'"), "running");
    assert_int_equal(ledger_sweep(&l, "p", &e), ERR_OK);
    assert_string_equal(query(&l.db, "SELECT state FROM runs WHERE pipeline='p'"), "failed");
    assert_non_null(strstr(query(&l.db, "SELECT error FROM runs WHERE pipeline='p'"), "killed"));
    assert_string_equal(query(&l.db, "SELECT state FROM tasks"), "failed");
    assert_string_equal(query(&l.db, "SELECT state FROM runs WHERE pipeline='other'"), "running");
    /* a filter of a process that lives is left alone */
    struct task_row t = task("filter", "load", "in");
    assert_int_equal(ledger_task_start(&l, &t, &e), ERR_OK);
    assert_int_equal(ledger_sweep(&l, "p", &e), ERR_OK);
    assert_string_equal(query(&l.db, "SELECT state FROM tasks WHERE mode='filter'"), "running");
    ledger_close(&l);
    assert_true(pid_alive(getpid(), pid_start_ticks(getpid())));
    assert_false(pid_alive(getpid(), pid_start_ticks(getpid()) + 1));
    assert_false(pid_alive(pid, 0));
    assert_int_equal(pid_start_ticks(999999999), 0);
    assert_int_equal(strlen(boot_id()), 36);
}

static int good(void *ctx, struct err *e) {
    return db_exec(ctx, e, "INSERT INTO t VALUES (1)");
}
static int bad(void *ctx, struct err *e) {
    int rc = good(ctx, e);
    return rc ? rc : err_set(e, ERR_TEST, "no");
}

static void handles(void **state) {
    (void)state;
    struct db d, other;
    struct err e = {0};
    const char *path = home_of("x.db");
    assert_int_not_equal(db_open(&d, path, DB_READ, 100, &e), ERR_OK);
    assert_false(file_exists(path));
    assert_int_equal(db_open(&d, path, 0, 100, &e), ERR_OK);
    assert_int_equal(db_exec(&d, &e, "CREATE TABLE t (x); CREATE TABLE u (y)"), ERR_OK);
    assert_int_equal(db_transaction(&d, good, &d, &e), ERR_OK);
    assert_int_equal(db_transaction(&d, bad, &d, &e), ERR_TEST);
    assert_string_equal(query(&d, "SELECT COUNT(*) FROM t"), "1");
    assert_int_equal(db_exec(&d, &e, "SELEC"), ERR_SQL);
    assert_int_equal(db_open(&other, path, 0, 50, &e), ERR_OK);
    assert_int_equal(db_exec(&d, &e, "BEGIN IMMEDIATE"), ERR_OK);
    assert_int_equal(db_transaction(&other, good, &other, &e), ERR_DBBUSY);
    assert_int_equal(db_exec(&d, &e, "COMMIT"), ERR_OK);
    db_close(&other);
    db_close(&d);
    struct buf b = {0};
    sql_name(&b, "a\"b");
    assert_string_equal(b.p, "\"a\"\"b\"");
    buf_free(&b);
}

static int first(void **state) {
    (void)state;
    return mkdtemp(tmp) ? 0 : 1;
}
static int last(void **state) {
    (void)state;
    arena_free(&a);
    return dir_remove(tmp, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(opening), cmocka_unit_test(newer_version),
                                       cmocka_unit_test(damaged), cmocka_unit_test(runs_and_tasks),
                                       cmocka_unit_test(sweep),   cmocka_unit_test(handles)};
    return cmocka_run_group_tests(tests, first, last);
}

#include "store/db.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[] = "/tmp/etl-db-XXXXXX";

static int count(const char *path) {
    struct db db;
    struct stmt s;
    struct err e = {0};
    bool row;
    assert_int_equal(db_open(&db, path, DB_READ, 1000, &e), ERR_OK);
    assert_int_equal(stmt_prepare(&s, &db, "SELECT COUNT(*) FROM t", "t", &e), ERR_OK);
    assert_int_equal(stmt_step(&s, &row, &e), ERR_OK);
    int n = (int)stmt_col_int(&s, 0);
    stmt_close(&s);
    db_close(&db);
    return n;
}

/* Another process, made before SQLite knows of any file here: opens the database, writes a row and closes it, when
 * told. */
static pid_t other_process(const char *path, int told, int done) {
    pid_t pid = fork();
    if (pid) return pid;
    struct db db;
    struct err e = {0};
    char c;
    int bad = read(told, &c, 1) != 1 || db_open(&db, path, 0, 1000, &e);
    bad = bad || db_exec(&db, &e, "INSERT INTO t VALUES (2)");
    if (!bad) db_close(&db);
    bad = write(done, bad ? "x" : ".", 1) != 1 || bad;
    _exit(bad);
}

/* A second handle of the same process that is closed again takes nothing from the first: what that one writes
 * afterwards is kept, though another process has opened and closed the database meanwhile. */
static void a_second_handle_drops_no_locks(void **state) {
    (void)state;
    char path[64], log[80], c;
    int tell[2], done[2], status;
    struct db db, second;
    struct err e = {0};
    snprintf(path, sizeof path, "%s/a.db", dir);
    assert_int_equal(pipe(tell), 0);
    assert_int_equal(pipe(done), 0);
    pid_t pid = other_process(path, tell[0], done[1]);
    assert_int_equal(db_open(&db, path, 0, 1000, &e), ERR_OK);
    assert_int_equal(db_exec(&db, &e, "CREATE TABLE t (a); INSERT INTO t VALUES (1)"), ERR_OK);
    assert_int_equal(db_open(&second, path, DB_READ, 1000, &e), ERR_OK);
    db_close(&second);
    assert_int_equal(write(tell[1], ".", 1), 1);
    assert_int_equal(read(done[0], &c, 1), 1);
    assert_int_equal(c, '.');
    assert_int_equal(waitpid(pid, &status, 0), pid);
    snprintf(log, sizeof log, "%s-wal", path);
    assert_int_equal(access(log, F_OK), 0); /* else we would go on writing to a file that nobody else sees */
    assert_int_equal(db_exec(&db, &e, "INSERT INTO t VALUES (3)"), ERR_OK);
    db_close(&db);
    assert_int_equal(count(path), 3);
}

static void what_is_no_database_is_left_alone(void **state) {
    (void)state;
    static const char *const texts[] = {"x", "SQLite format 3", "this is a text file, and a long one at that"};
    char path[64], back[64];
    struct db db;
    for (int i = 0; i < 3; i++) {
        struct err e = {0};
        snprintf(path, sizeof path, "%s/%d.db", dir, i);
        FILE *f = fopen(path, "w");
        fputs(texts[i], f);
        fclose(f);
        assert_int_equal(db_open(&db, path, 0, 1000, &e), ERR_CORRUPT);
        assert_non_null(strstr(e.msg, "is no SQLite database"));
        f = fopen(path, "r");
        assert_non_null(fgets(back, sizeof back, f));
        fclose(f);
        assert_string_equal(back, texts[i]);
    }
}

/* A file system that calls a file empty the first time it is asked, as one is which another process begins right then.
 */
static sqlite3_vfs *under;
static const sqlite3_io_methods *methods;
static sqlite3_io_methods late;
static int lies;

static int late_size(sqlite3_file *f, sqlite3_int64 *size) {
    int rc = methods->xFileSize(f, size);
    if (lies > 0) {
        lies--;
        *size = 0;
    }
    return rc;
}

static int late_open(sqlite3_vfs *v, const char *name, sqlite3_file *f, int flags, int *out) {
    (void)v;
    int rc = under->xOpen(under, name, f, flags, out);
    if (rc == SQLITE_OK && flags & SQLITE_OPEN_MAIN_DB) {
        methods = f->pMethods;
        late = *methods;
        late.xFileSize = late_size;
        f->pMethods = &late;
    }
    return rc;
}

static void one_begun_meanwhile_is_a_database(void **state) {
    (void)state;
    struct db db;
    struct err e = {0};
    char path[64];
    snprintf(path, sizeof path, "%s/begun.db", dir);
    assert_int_equal(db_open(&db, path, 0, 1000, &e), ERR_OK);
    assert_int_equal(db_exec(&db, &e, "CREATE TABLE t(a)"), ERR_OK);
    db_close(&db);
    under = sqlite3_vfs_find(NULL);
    sqlite3_vfs vfs = *under;
    vfs.zName = "late";
    vfs.xOpen = late_open;
    assert_int_equal(sqlite3_vfs_register(&vfs, 1), SQLITE_OK);
    lies = 1;
    int rc = db_open(&db, path, 0, 1000, &e);
    db_close(&db);
    sqlite3_vfs_unregister(&vfs);
    assert_int_equal(lies, 0);
    assert_int_equal(rc, ERR_OK);
    assert_int_equal(count(path), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_second_handle_drops_no_locks),
        cmocka_unit_test(what_is_no_database_is_left_alone),
        cmocka_unit_test(one_begun_meanwhile_is_a_database),
    };
    if (!mkdtemp(dir)) return 1;
    int rc = cmocka_run_group_tests(tests, NULL, NULL);
    char cmd[64];
    snprintf(cmd, sizeof cmd, "rm -rf %s", dir);
    return system(cmd) != 0 || rc;
}

/* New pages written into the database file itself (bulk_tree.h): what readers, checkpoints of other processes, a kill
 * and a rollback in the middle see of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/rng.h"
#include "base/uuid.h"
#include "io/file.h"
#include "store/bulk_tree.h"
#include "store/table.h"

#define ROWS 20000

static char tmp[64] = "/tmp/etl-direct-XXXXXX";
static char path[96], wal[104];
static const char *key_name[] = {"id"};
static struct column cols[] = {{"id", "id", COL_TEXT, true, false}, {"text", "text", COL_TEXT, false, false}};
static const struct table_spec table = {
    .table = "t", .mode = LOAD_REPLACE_DAY, .key = {key_name, 1}, .cols = cols, .ncols = 2, .max_dropped = 100};
static char *days[4]; /* records of a day, all with keys of their own */

static char *records(unsigned day) {
    struct buf b = {0};
    struct rng g;
    rng_seed(&g, day);
    for (unsigned i = 0; i < ROWS; i++) {
        uint64_t raw[2] = {rng_next(&g), (uint64_t)day << 32 | i};
        char id[UUID_TEXT];
        uuid_text((uint8_t *)raw, id);
        buf_fmt(&b, "{\"id\":\"%.36s\",\"text\":\"%0*u\"}\n", id, i % 2000 ? 400 : 40000, i);
    }
    return b.p;
}

static void open_db(struct db *db) {
    struct err e = {0};
    if (db_open(db, path, 0, 60000, &e)) fail_msg("%s", e.msg);
    assert_int_equal(db_exec(db, &e, "PRAGMA cache_size=-4000"), ERR_OK); /* pages are given away before their time */
}

static int64_t number(struct db *db, const char *sql) {
    struct stmt s;
    struct err e;
    bool row = false;
    if (stmt_prepare(&s, db, sql, "test", &e) || stmt_step(&s, &row, &e)) fail_msg("%s: %s", sql, e.msg);
    int64_t n = row ? stmt_col_int(&s, 0) : -1;
    stmt_close(&s);
    return n;
}

static bool is_sound(struct db *db) {
    return number(db, "SELECT COUNT(*) FROM pragma_integrity_check WHERE integrity_check='ok'") == 1;
}

static off_t size_of(const char *file) {
    struct stat st;
    return stat(file, &st) == 0 ? st.st_size : 0;
}

static struct loader *filled(struct db *db, unsigned day) {
    static const char *const name = "in.jsonl";
    struct loader *l;
    struct reader *r;
    struct zone z;
    struct err e = {0};
    struct reader_opt opt = {.text = days[day], .text_n = strlen(days[day]), .block = 1 << 20};
    assert_int_equal(zone_find("UTC", &z, &e), ERR_OK);
    if (loader_open(&l, db, &table, 20000 + (day_t)day, &z, 100000, &e)) fail_msg("%s", e.msg);
    assert_int_equal(reader_open(&r, &name, 1, &opt, &e), ERR_OK);
    if (load_records(l, r, 2, &e)) fail_msg("%s", e.msg);
    reader_close(r);
    return l;
}

static void load(struct db *db, unsigned day) {
    struct err e = {0};
    struct loader_stats st;
    if (loader_commit(filled(db, day), NULL, &st, &e)) fail_msg("%s", e.msg);
    assert_int_equal(st.written, ROWS);
}

static int fresh(void **state) {
    (void)state;
    struct err e;
    if (file_exists(tmp) && dir_remove(tmp, &e)) return 1;
    return dir_make(tmp, &e);
}

/* Nearly nothing of a day goes through the log; of the first day neither, and of one that comes behind another. */
static void once(void **state) {
    (void)state;
    struct db db;
    open_db(&db);
    for (unsigned d = 0; d < 3; d++) {
        off_t before = size_of(path);
        load(&db, d);
        assert_true(size_of(path) - before > 8000000);
        assert_true(size_of(wal) < (d ? 4000000 : 200000)); /* old pages of the index of keys */
        assert_int_equal(number(&db, "SELECT COUNT(*) FROM t"), (d + 1) * ROWS);
        assert_true(is_sound(&db));
    }
    db_close(&db);
    assert_int_equal(size_of(wal), 0);
    open_db(&db);
    assert_true(is_sound(&db));
    db_close(&db);
}

/* A reader of an older snapshot: everything goes through the log, and it goes on reading what it saw. */
static void old_reader(void **state) {
    (void)state;
    struct db db, reader;
    struct err e = {0};
    struct etl_direct *d = NULL;
    open_db(&db);
    load(&db, 0);
    open_db(&reader);
    assert_int_equal(db_exec(&reader, &e, "BEGIN"), ERR_OK);
    assert_int_equal(number(&reader, "SELECT COUNT(*) FROM t"), ROWS);
    assert_int_equal(db_exec(&db, &e, "CREATE TABLE other (x)"), ERR_OK);
    assert_int_equal(db_exec(&db, &e, "BEGIN IMMEDIATE"), ERR_OK);
    assert_int_equal(etl_direct_begin(db.h, &d), SQLITE_OK);
    assert_null(d);
    assert_int_equal(db_exec(&db, &e, "ROLLBACK"), ERR_OK);
    off_t before = size_of(path);
    load(&db, 1);
    assert_int_equal(size_of(path) - before, 0);
    assert_int_equal(number(&db, "SELECT COUNT(*) FROM t"), 2 * ROWS);
    assert_int_equal(number(&reader, "SELECT COUNT(*) FROM t"), ROWS);
    assert_true(is_sound(&reader));
    db_close(&reader);
    assert_true(is_sound(&db));
    db_close(&db);
}

/* A reader of the newest snapshot is in nobody's way, and sees nothing of the load that goes on. */
static void new_reader(void **state) {
    (void)state;
    struct db db, reader;
    struct err e = {0};
    open_db(&db);
    load(&db, 0);
    assert_int_equal(db_exec(&db, &e, "PRAGMA wal_checkpoint(TRUNCATE)"), ERR_OK);
    open_db(&reader);
    assert_int_equal(db_exec(&reader, &e, "BEGIN"), ERR_OK);
    assert_int_equal(number(&reader, "SELECT COUNT(*) FROM t"), ROWS);
    off_t before = size_of(path);
    struct loader *l = filled(&db, 1);
    assert_true(size_of(path) - before > 4000000);
    assert_true(is_sound(&reader));
    assert_int_equal(loader_commit(l, NULL, NULL, &e), ERR_OK);
    assert_true(is_sound(&reader));
    assert_int_equal(number(&reader, "SELECT COUNT(*) FROM t"), ROWS);
    assert_int_equal(db_exec(&reader, &e, "COMMIT"), ERR_OK);
    assert_int_equal(number(&reader, "SELECT COUNT(*) FROM t"), 2 * ROWS);
    assert_true(is_sound(&reader));
    db_close(&reader);
    db_close(&db);
}

/* What a rollback leaves: nothing, not even its room on the disk. */
static void rolled_back(void **state) {
    (void)state;
    struct db db;
    open_db(&db);
    load(&db, 0);
    off_t before = size_of(path);
    loader_abort(filled(&db, 1));
    assert_int_equal(size_of(path), before);
    assert_int_equal(number(&db, "SELECT COUNT(*) FROM t"), ROWS);
    assert_true(is_sound(&db));
    load(&db, 2); /* over the same pages, with the same cache */
    assert_int_equal(number(&db, "SELECT COUNT(*) FROM t"), 2 * ROWS);
    assert_true(is_sound(&db));
    db_close(&db);
}

static pid_t child(void (*run)(int), int stop) {
    pid_t pid = fork();
    if (pid == 0) {
        run(stop);
        _exit(0);
    }
    assert_true(pid > 0);
    return pid;
}

static void load_and_die(int unused) {
    struct db db;
    (void)unused;
    open_db(&db);
    filled(&db, 1);
    kill(getpid(), SIGKILL);
}

/* What a kill leaves lies behind the end, is no part of the database, and is written over. */
static void killed(void **state) {
    (void)state;
    struct db db;
    int status;
    open_db(&db);
    load(&db, 0);
    db_close(&db);
    for (int i = 0; i < 2; i++) {
        off_t before = size_of(path);
        assert_int_equal(waitpid(child(load_and_die, 0), &status, 0) > 0 && WIFSIGNALED(status), 1);
        assert_true(i || size_of(path) - before > 4000000);
        open_db(&db);
        assert_int_equal(number(&db, "SELECT COUNT(*) FROM t"), ROWS);
        assert_true(is_sound(&db));
        struct err e = {0};
        if (i) assert_int_equal(db_exec(&db, &e, "CREATE TABLE small (x); PRAGMA wal_checkpoint(TRUNCATE)"), ERR_OK);
        assert_true(is_sound(&db));
        db_close(&db);
    }
    open_db(&db);
    load(&db, 2);
    load(&db, 3);
    assert_int_equal(number(&db, "SELECT COUNT(*) FROM t"), 3 * ROWS);
    assert_true(is_sound(&db));
    db_close(&db);
}

/* A database that was made smaller while somebody still reads the larger one, and again when nobody does. */
static void shrunk(void **state) {
    (void)state;
    struct db db, reader;
    struct err e = {0};
    open_db(&db);
    for (unsigned d = 0; d < 3; d++) load(&db, d);
    open_db(&reader);
    assert_int_equal(db_exec(&reader, &e, "BEGIN"), ERR_OK);
    assert_int_equal(number(&reader, "SELECT COUNT(*) FROM t"), 3 * ROWS);
    assert_int_equal(db_exec(&db, &e, "DELETE FROM t WHERE dt > '2024-10-04'; VACUUM"), ERR_OK);
    load(&db, 3);
    assert_int_equal(number(&reader, "SELECT COUNT(*) FROM t"), 3 * ROWS);
    assert_true(is_sound(&reader));
    assert_int_equal(db_exec(&reader, &e, "COMMIT"), ERR_OK);
    assert_int_equal(db_exec(&db, &e, "DELETE FROM t WHERE dt > '2024-10-04'; VACUUM"), ERR_OK);
    load(&db, 1);
    assert_int_equal(number(&reader, "SELECT COUNT(*) FROM t"), 2 * ROWS);
    assert_true(is_sound(&reader));
    db_close(&reader);
    db_close(&db);
}

/* ---- other processes ---- */

static bool told_to_stop(int fd) {
    char c;
    return read(fd, &c, 1) == 0; /* the other end does not block */
}

static void read_on(int stop) {
    struct db db;
    open_db(&db);
    while (!told_to_stop(stop)) {
        /* days are there whole or not at all */
        int64_t odd =
            number(&db, "SELECT COUNT(*) FROM (SELECT COUNT(*) AS n, COUNT(DISTINCT id) AS k FROM t GROUP BY dt)"
                        " WHERE n <> 20000 OR k <> 20000");
        if (odd || !is_sound(&db)) _exit(1);
    }
    db_close(&db);
}

static void checkpoint_on(int stop) {
    static const int modes[] = {SQLITE_CHECKPOINT_PASSIVE, SQLITE_CHECKPOINT_FULL, SQLITE_CHECKPOINT_RESTART,
                                SQLITE_CHECKPOINT_TRUNCATE};
    struct db db;
    open_db(&db);
    sqlite3_busy_timeout(db.h, 0);
    for (unsigned i = 0; !told_to_stop(stop); i++) {
        int rc = sqlite3_wal_checkpoint_v2(db.h, "main", modes[i % 4], NULL, NULL);
        if (rc != SQLITE_OK && rc != SQLITE_BUSY && rc != SQLITE_LOCKED) _exit(1);
    }
    db_close(&db);
}

static void note_on(int stop) {
    struct db db;
    struct err e;
    open_db(&db);
    for (unsigned i = 0; !told_to_stop(stop); i++) {
        usleep(1000);
        if (db_execf(&db, &e, "INSERT INTO notes VALUES (%u)", i)) _exit(1);
    }
    db_close(&db);
}

static void among_others(void **state) {
    (void)state;
    static void (*const run[])(int) = {read_on, checkpoint_on, note_on, read_on};
    struct db db;
    struct err e = {0};
    pid_t pids[4];
    int stop[2], status;
    assert_int_equal(pipe2(stop, O_NONBLOCK | O_CLOEXEC), 0);
    open_db(&db);
    load(&db, 0);
    assert_int_equal(db_exec(&db, &e, "CREATE TABLE notes (x)"), ERR_OK);
    db_close(&db); /* not over a fork */
    for (int i = 0; i < 4; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            close(stop[1]);
            run[i](stop[0]);
            _exit(0);
        }
    }
    open_db(&db);
    for (unsigned i = 1; i < 7; i++) {
        if (i % 3 == 2) loader_abort(filled(&db, i % 4));
        load(&db, i % 4);
    }
    close(stop[1]);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    assert_int_equal(number(&db, "SELECT COUNT(*) FROM t"), 4 * ROWS);
    assert_true(is_sound(&db));
    db_close(&db);
    close(stop[0]);
}

static int first(void **state) {
    (void)state;
    log_setup(LOG_ERROR, false, false);
    if (!mkdtemp(tmp)) return 1;
    snprintf(path, sizeof path, "%s/w.db", tmp);
    snprintf(wal, sizeof wal, "%s-wal", path);
    for (unsigned d = 0; d < 4; d++) days[d] = records(d);
    return 0;
}
static int last(void **state) {
    (void)state;
    for (unsigned d = 0; d < 4; d++) free(days[d]);
    return dir_remove(tmp, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(once, fresh),        cmocka_unit_test_setup(old_reader, fresh),
        cmocka_unit_test_setup(new_reader, fresh),  cmocka_unit_test_setup(rolled_back, fresh),
        cmocka_unit_test_setup(killed, fresh),      cmocka_unit_test_setup(shrunk, fresh),
        cmocka_unit_test_setup(among_others, fresh)};
    return cmocka_run_group_tests(tests, first, last);
}

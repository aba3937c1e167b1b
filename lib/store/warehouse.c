/* See warehouse.h. */
#include "store/warehouse.h"

#include "base/day.h"
#include "base/embed.h"
#include "io/file.h"

static char *warehouse_path(struct arena *a, const char *home) {
    return arena_fmt(a, "%s/warehouse.db", home);
}

static int make_tables(void *ctx, struct err *e) {
    int rc = db_exec(ctx, e, embed_find("sql/warehouse.sql")->text);
    return rc ? rc : db_execf(ctx, e, "PRAGMA user_version=%d", WAREHOUSE_VERSION);
}

int warehouse_open(struct db *db, const char *home, size_t memory, struct err *e) {
    struct arena a = {0};
    int64_t version = 0;
    int rc = dir_make(home, e);
    if (rc == ERR_OK) rc = db_open(db, warehouse_path(&a, home), 0, 60000, e);
    if (rc) goto out;
    rc = db_version(db, WAREHOUSE_VERSION, &version, e);
    if (rc == ERR_OK)
        rc = db_execf(db, e, "PRAGMA cache_size=-%zu; PRAGMA temp_store=FILE; PRAGMA wal_autocheckpoint=4000",
                      memory / 1024);
    if (rc == ERR_OK && version < WAREHOUSE_VERSION) rc = db_transaction(db, make_tables, db, e);
    if (rc) db_close(db);
out:
    arena_free(&a);
    return rc;
}

int warehouse_open_read(struct db *db, const char *home, struct err *e) {
    struct arena a = {0};
    int64_t version;
    char *path = warehouse_path(&a, home);
    int rc = file_exists(path)
                 ? db_open(db, path, DB_READ, 60000, e)
                 : err_set(e, ERR_NOINPUT,
                           "there is no warehouse in %s: nothing has been loaded there yet (see --home)", home);
    if (rc == ERR_OK && (rc = db_version(db, WAREHOUSE_VERSION, &version, e))) db_close(db);
    arena_free(&a);
    return rc;
}

int warehouse_note(struct db *db, const struct warehouse_mark *m, struct err *e) {
    struct stmt s;
    int rc = stmt_prepare(&s, db,
                          "INSERT INTO etl_done (pipeline, day, stage, name, digest) VALUES (?1,?2,?3,?4,?5)"
                          " ON CONFLICT DO UPDATE SET digest=excluded.digest",
                          "noting what is done", e);
    if (rc) return rc;
    const char *v[] = {m->pipeline, m->day, m->stage, m->name, m->digest};
    for (int i = 0; i < 5; i++) stmt_text(&s, i + 1, v[i]);
    rc = stmt_run(&s, e);
    stmt_close(&s);
    return rc;
}

int warehouse_holds(struct db *db, const struct warehouse_mark *m, bool *holds, struct err *e) {
    struct stmt s;
    *holds = false;
    int rc = stmt_prepare(&s, db,
                          "SELECT 1 FROM etl_done WHERE pipeline=?1 AND day=?2 AND stage=?3 AND name=?4 AND digest=?5",
                          "reading what is done", e);
    if (rc) return rc;
    const char *v[] = {m->pipeline, m->day, m->stage, m->name, m->digest};
    for (int i = 0; i < 5; i++) stmt_text(&s, i + 1, v[i]);
    rc = stmt_step(&s, holds, e);
    stmt_close(&s);
    return rc;
}

struct log_ctx {
    struct db *db;
    const char *pipeline, *dataset, *day, *table;
    const struct quality_row *rows;
    size_t n;
};

static int write_rows(void *ctx, struct err *e) {
    struct log_ctx *c = ctx;
    struct stmt s;
    struct stamp_text now = utc_text(now_utc());
    int rc = stmt_prepare(&s, c->db, "DELETE FROM quality_check_log WHERE pipeline=?1 AND dataset=?2 AND check_date=?3",
                          "quality_check_log", e);
    if (rc) return rc;
    stmt_text(&s, 1, c->pipeline);
    stmt_text(&s, 2, c->dataset);
    stmt_text(&s, 3, c->day);
    rc = stmt_run(&s, e);
    stmt_close(&s);
    if (rc) return rc;
    rc = stmt_prepare(
        &s, c->db,
        "INSERT INTO quality_check_log (check_date, pipeline, dataset, check_no, check_name, check_type, target_table,"
        " total_records, failed_records, pass_rate, status, detail, samples, created_at)"
        " VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14)",
        "quality_check_log", e);
    for (size_t i = 0; i < c->n && rc == ERR_OK; i++) {
        const struct quality_row *r = &c->rows[i];
        stmt_text(&s, 1, c->day);
        stmt_text(&s, 2, c->pipeline);
        stmt_text(&s, 3, c->dataset);
        stmt_int(&s, 4, (int64_t)i + 1);
        stmt_text(&s, 5, r->check_name);
        stmt_text(&s, 6, r->check_type);
        stmt_text(&s, 7, c->table);
        stmt_int(&s, 8, (int64_t)r->total);
        stmt_int(&s, 9, (int64_t)r->failed);
        stmt_real(&s, 10, r->pass_rate);
        stmt_text(&s, 11, r->status);
        stmt_text(&s, 12, r->detail);
        stmt_text(&s, 13, r->samples);
        stmt_text(&s, 14, now.s);
        rc = stmt_run(&s, e);
    }
    stmt_close(&s);
    return rc;
}

int warehouse_log_quality(struct db *db, const char *pipeline, const char *dataset, const char *day, const char *table,
                          const struct quality_row *rows, size_t n, struct err *e) {
    struct log_ctx c = {db, pipeline, dataset, day, table, rows, n};
    return db_transaction(db, write_rows, &c, e);
}

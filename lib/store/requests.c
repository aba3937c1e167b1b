/* See requests.h. */
#include "store/requests.h"

/* Ledgers made before these columns were get them. */
static int add_columns(struct ledger *l, struct err *e) {
    struct stmt s;
    bool row;
    int rc = stmt_prepare(&s, &l->db, "SELECT 1 FROM pragma_table_info('requests') WHERE name='expires_at'",
                          "reading the ledger", e);
    if (rc) return rc;
    rc = stmt_step(&s, &row, e);
    stmt_close(&s);
    if (rc == ERR_OK && !row)
        rc = db_exec(&l->db, e,
                     "ALTER TABLE requests ADD COLUMN run_id TEXT; ALTER TABLE requests ADD COLUMN expires_at TEXT;");
    if (rc == ERR_OK)
        rc = db_exec(&l->db, e,
                     "CREATE INDEX IF NOT EXISTS requests_failed ON requests (source, day) WHERE state<>'SUCCESS';"
                     "CREATE INDEX IF NOT EXISTS requests_expiry ON requests (expires_at);");
    return rc;
}

static int expire(struct ledger *l, struct err *e) {
    struct stmt s;
    struct stamp_text now = utc_text(now_utc());
    int rc = stmt_prepare(&s, &l->db, "DELETE FROM requests WHERE expires_at<?1", "cleaning the ledger", e);
    if (rc) return rc;
    stmt_text(&s, 1, now.s);
    rc = stmt_run(&s, e);
    stmt_close(&s);
    return rc;
}

int requests_open(struct requests *q, struct ledger *l, const char *source, const char *day, const char *run_id,
                  int64_t keep, struct err *e) {
    *q = (struct requests){.l = l, .source = source, .day = day, .run_id = run_id, .keep = keep};
    int rc = add_columns(l, e);
    if (rc == ERR_OK) rc = expire(l, e);
    if (rc == ERR_OK)
        rc = stmt_prepare(
            &q->put, &l->db,
            "INSERT INTO requests (source, day, sha1, url, state, reason, http_status, attempts, updated_at, run_id,"
            " expires_at) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11) ON CONFLICT (source, day, sha1) DO UPDATE SET "
            "state=?5, reason=?6, http_status=?7, attempts=attempts+?8, updated_at=?9, run_id=?10, expires_at=?11",
            "writing the ledger", e);
    return rc;
}

void requests_close(struct requests *q) {
    if (q->l) stmt_close(&q->put);
    *q = (struct requests){0};
}

int requests_begin(struct requests *q, struct err *e) {
    return db_exec(&q->l->db, e, "BEGIN IMMEDIATE");
}

int requests_commit(struct requests *q, struct err *e) {
    return db_exec(&q->l->db, e, "COMMIT");
}

void requests_rollback(struct requests *q) {
    struct err e;
    if (q->l && !sqlite3_get_autocommit(q->l->db.h)) db_exec(&q->l->db, &e, "ROLLBACK");
}

int requests_put(struct requests *q, const struct request_row *r, struct err *e) {
    int64_t now = now_utc();
    struct stmt *s = &q->put;
    if (now != q->now) {
        q->now = now;
        q->at = utc_text(now);
        q->ends = utc_text(now + q->keep);
    }
    stmt_text(s, 1, q->source);
    stmt_text(s, 2, q->day);
    stmt_text(s, 3, r->sha1);
    stmt_text(s, 4, r->url);
    stmt_text(s, 5, r->state);
    stmt_text(s, 6, r->reason);
    if (r->http_status) stmt_int(s, 7, r->http_status);
    stmt_int(s, 8, r->attempts);
    stmt_text(s, 9, q->at.s);
    stmt_text(s, 10, q->run_id);
    stmt_text(s, 11, q->ends.s);
    return stmt_run(s, e);
}

int requests_pending(struct requests *q, int (*each)(void *ctx, const char *sha1, const char *url, struct err *e),
                     void *ctx, struct err *e) {
    struct stmt s;
    bool row;
    int rc = stmt_prepare(&s, &q->l->db,
                          "SELECT sha1, url FROM requests WHERE source=?1 AND day=?2 AND state<>'SUCCESS' AND "
                          "state='PENDING'",
                          "reading the ledger", e);
    if (rc) return rc;
    stmt_text(&s, 1, q->source);
    stmt_text(&s, 2, q->day);
    while (rc == ERR_OK && (rc = stmt_step(&s, &row, e)) == ERR_OK && row)
        rc = each(ctx, stmt_col(&s, 0), stmt_col(&s, 1), e);
    stmt_close(&s);
    return rc;
}

/* ---- for people -------------------------------------------------------------------------------------------------- */

static void tell_json(struct stmt *s, bool first, FILE *out) {
    static const char *const keys[] = {"source", "day", "reason", "url", "http_status", "attempts", "updated_at"};
    struct buf b = {0};
    for (int i = 0; i < 7; i++) {
        const char *v = stmt_col(s, i);
        buf_str(&b, i ? "," : first ? "{" : ",\n{");
        json_text_quote(&b, keys[i]);
        buf_chr(&b, ':');
        if (i == 4 || i == 5)
            buf_str(&b, v ? v : "null");
        else
            json_text_quote(&b, v ? v : "");
    }
    fprintf(out, "%s}", buf_text(&b));
    buf_free(&b);
}

/* A ledger that nothing was crawled with since these columns came may be read as well. */
static bool requests_known(struct ledger *l) {
    struct stmt s;
    struct err e;
    bool row = false;
    if (stmt_prepare(&s, &l->db, "SELECT 1 FROM sqlite_schema WHERE name='requests'", "reading the ledger", &e))
        return false;
    if (stmt_step(&s, &row, &e)) row = false;
    stmt_close(&s);
    return row;
}

int requests_tell_failed(struct ledger *l, const char *pipeline, const char *day, bool json, FILE *out, size_t *n,
                         struct err *e) {
    struct stmt s;
    bool row = true;
    if (!requests_known(l)) return ERR_OK;
    struct buf last = {0}, head = {0};
    struct arena a = {0};
    /* the range of names that begin with "PIPELINE/": '0' follows '/' */
    int rc =
        stmt_prepare(&s, &l->db,
                     "SELECT source, day, COALESCE(reason, 'interrupted'), url, http_status, attempts, updated_at,"
                     " COUNT(*) OVER (PARTITION BY source, day, reason) FROM requests WHERE source>?1 AND source<?2"
                     " AND day=?3 AND state IN ('FAILED','PENDING') ORDER BY source, day, reason, url",
                     "reading the ledger", e);
    if (rc) goto out;
    stmt_text(&s, 1, arena_fmt(&a, "%s/", pipeline));
    stmt_text(&s, 2, arena_fmt(&a, "%s0", pipeline));
    stmt_text(&s, 3, day);
    while (rc == ERR_OK && (rc = stmt_step(&s, &row, e)) == ERR_OK && row) {
        if (json) {
            tell_json(&s, !*n, out);
        } else {
            head.n = 0;
            buf_fmt(&head, "%s %s  %s  %s\n", stmt_col(&s, 0), stmt_col(&s, 1), stmt_col(&s, 2), stmt_col(&s, 7));
            if (!last.n || strcmp(last.p, head.p) != 0) fputs(head.p, out);
            last.n = 0;
            buf_str(&last, head.p);
            fprintf(out, "  %s\n", stmt_col(&s, 3));
        }
        ++*n;
    }
    stmt_close(&s);
out:
    buf_free(&last);
    buf_free(&head);
    arena_free(&a);
    return rc;
}

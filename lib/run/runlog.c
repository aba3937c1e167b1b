/* The log of one run, found by its id; see status.h. The ledger says which day it was of, and with that where it lies.
 */
#include "base/log.h"
#include "base/near.h"
#include "io/reader.h"
#include "run/status.h"
#include "json/scan.h"

static int find_run(struct ledger *l, const struct runlog *q, struct arena *a, const char **id, const char **pipeline,
                    const char **day, struct err *e) {
    struct stmt s;
    bool row;
    bool last = strcmp(q->id, "last") == 0;
    int rc =
        stmt_prepare(&s, &l->db,
                     "SELECT run_id, pipeline, day FROM runs WHERE (?1 IS NULL OR run_id=?1) AND (?2 IS NULL OR "
                     "pipeline=?2) AND (?3 IS NULL OR day>=?3) AND (?4 IS NULL OR day<=?4) ORDER BY rowid DESC LIMIT 1",
                     "reading the ledger", e);
    if (rc) return rc;
    *id = NULL;
    stmt_text(&s, 1, last ? NULL : q->id);
    stmt_text(&s, 2, q->pipeline);
    stmt_text(&s, 3, q->from);
    stmt_text(&s, 4, q->to);
    rc = stmt_step(&s, &row, e);
    if (rc == ERR_OK && row) {
        *id = arena_str(a, stmt_col(&s, 0));
        *pipeline = arena_str(a, stmt_col(&s, 1));
        *day = arena_str(a, stmt_col(&s, 2));
    }
    stmt_close(&s);
    return rc;
}

static int unknown(struct ledger *l, const char *id, struct arena *a, struct err *e) {
    struct stmt s;
    bool row;
    struct near near = near_start(id);
    if (stmt_prepare(&s, &l->db, "SELECT run_id FROM runs ORDER BY rowid DESC LIMIT 1000", "reading the ledger", e) ==
        ERR_OK)
        while (stmt_step(&s, &row, e) == ERR_OK && row) near_offer(&near, arena_str(a, stmt_col(&s, 0)));
    stmt_close(&s);
    return err_set(e, ERR_USAGE,
                   "no run '%s' in the ledger of this home%s; etl status --format json tells the runs of days", id,
                   near_hint(&near, a));
}

static void part(struct buf *b, struct jval v, const char *key, const char *before, const char *after,
                 struct arena *a) {
    struct jval x;
    if (jv_get(v, sv_of(key), &x)) buf_fmt(b, "%s%s%s", before, jv_str(x, a, NULL), after);
}

/* {"time":...,"level":"warning",...,"msg":...} as people read it; a line that is none of ours as it is. */
static void say_line(const char *line, size_t n, FILE *out) {
    struct jtoks toks = {0};
    struct jerr je;
    struct arena a = {0};
    struct buf b = {0}, clean = {0};
    if (json_scan(&toks, line, n, 0, &je)) {
        struct jval v = {line, toks.t, 0}, x;
        part(&b, v, "time", "", " ", &a);
        const char *level = jv_get(v, SV("level"), &x) ? jv_str(x, &a, NULL) : "";
        buf_fmt(&b, "%-7s ", level);
        part(&b, v, "stage", "", " ", &a);
        part(&b, v, "dataset", "", ": ", &a);
        part(&b, v, "msg", "", "", &a);
    } else {
        buf_add(&b, line, n);
    }
    log_clean(&clean, (struct sv){buf_text(&b), b.n});
    fprintf(out, "%s\n", buf_text(&clean));
    buf_free(&b);
    buf_free(&clean);
    jtoks_free(&toks);
    arena_free(&a);
}

int runlog_show(struct ledger *l, const struct runlog *q, FILE *out, struct err *e) {
    struct arena a = {0};
    const char *id = NULL, *pipeline = NULL, *day = NULL;
    char *line = NULL;
    size_t cap = 0;
    ssize_t n;
    int rc = find_run(l, q, &a, &id, &pipeline, &day, e);
    if (rc == ERR_OK && !id && strcmp(q->id, "last") == 0)
        rc = err_set(e, ERR_NOINPUT, "no run of that day or pipeline is in the ledger of this home");
    else if (rc == ERR_OK && !id)
        rc = unknown(l, q->id, &a, e);
    if (rc) goto out;
    const char *path = arena_fmt(&a, "%s/logs/%s/%s/%s.jsonl", q->home, pipeline, day, id);
    FILE *f = fopen(path, "r");
    if (!f) {
        rc = err_sys(e, ERR_NOINPUT, "the log of run %s cannot be read: %s", id, path);
        goto out;
    }
    while ((n = getline(&line, &cap, f)) > 0) {
        if (line[n - 1] == '\n') n--;
        if (q->json)
            fprintf(out, "%.*s\n", (int)n, line);
        else
            say_line(line, (size_t)n, out);
    }
    if (ferror(f)) rc = err_sys(e, ERR_IO, "cannot read %s", path);
    fclose(f);
out:
    free(line);
    arena_free(&a);
    return rc;
}

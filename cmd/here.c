/* Which pipelines a command without -p is about: those whose definitions lie here, and built-in ones that were used
 * with this home. Where there is neither, somebody looks around for the first time: all that the binary holds. */
#include "cmd/cli.h"
#include "io/file.h"

static bool on_disk(struct cli *c, const char *name) {
    return file_exists(arena_fmt(&c->a, "schemas/%s/pipeline.json", name)) ||
           file_exists(arena_fmt(&c->a, "%s/schemas/%s/pipeline.json", c->env.home, name));
}

static int was_used(struct ledger *l, const char *name, bool *used, struct err *e) {
    struct stmt s;
    int rc = stmt_prepare(
        &s, &l->db, "SELECT 1 FROM runs WHERE pipeline=?1 UNION ALL SELECT 1 FROM tasks WHERE pipeline=?1 LIMIT 1",
        "reading the ledger", e);
    if (rc) return rc;
    stmt_text(&s, 1, name);
    rc = stmt_step(&s, used, e);
    stmt_close(&s);
    return rc;
}

static int choose(struct cli *c, char **all, size_t n, char **some, size_t *count, struct err *e) {
    struct ledger l = {0};
    int rc = ERR_OK;
    *count = 0;
    if (file_exists(arena_fmt(&c->a, "%s/ledger.db", c->env.home))) rc = ledger_open_read(&l, c->env.home, e);
    for (size_t i = 0; i < n && rc == ERR_OK; i++) {
        bool here = on_disk(c, all[i]);
        if (!here && l.db.h) rc = was_used(&l, all[i], &here, e);
        if (here) some[(*count)++] = all[i];
    }
    ledger_close(&l);
    return rc;
}

int cli_pipelines(struct cli *c, char ***names, size_t *n, struct err *e) {
    *names = arena_alloc(&c->a, sizeof **names);
    *n = 1;
    if (cli_has(c, "pipeline") || getenv("ETL_PIPELINE") || file_exists("pipeline.json")) return ERR_OK;
    char **all, **some;
    size_t count;
    int rc = pipeline_list(c->env.home, &c->a, &all, n, e);
    if (rc) return rc;
    some = arena_alloc(&c->a, (*n + 1) * sizeof *some);
    struct err mine = {0};
    rc = choose(c, all, *n, some, &count, &mine);
    *names = rc || !count ? all : some; /* a ledger that cannot be read is told by who looks into it */
    if (rc == ERR_OK && count) *n = count;
    return ERR_OK;
}

/* etl status: see commands.def. */
#include "run/status.h"

#include "cmd/cli.h"
#include "io/file.h"
#include "store/requests.h"

/* The URLs that failed: lines by source and reason, or one JSON list over all days and pipelines. */
static int failed(struct ledger *l, const struct pipeline *p, day_t from, day_t to, int format, size_t *n,
                  struct err *e) {
    int rc = ERR_OK;
    for (day_t d = from; l->db.h && d <= to && rc == ERR_OK; d++)
        rc = requests_tell_failed(l, p->name, day_text(d).s, format == 1, stdout, n, e);
    return rc;
}

static int one(struct cli *c, struct pipeline *p, int format, size_t *problems, struct err *e) {
    static size_t told; /* of the JSON list */
    struct ledger l = {0};
    struct status s = {0};
    day_t from, to;
    const char *text = c->noperands ? c->operands[0] : NULL;
    int rc = cli_days(c, p, text, true, &from, &to, e);
    if (rc) return rc;
    if (!text && !cli_has(c, "day")) from = to - (cli_has(c, "check") ? 0 : 9);
    if (file_exists(arena_fmt(&c->a, "%s/ledger.db", c->env.home))) rc = ledger_open_read(&l, c->env.home, e);
    if (cli_has(c, "failed")) {
        if (rc == ERR_OK) rc = failed(&l, p, from, to, format, &told, e);
        ledger_close(&l);
        return rc;
    }
    if (rc == ERR_OK) rc = status_gather(&s, p, from, to, l.db.h ? &l : NULL, e);
    if (rc == ERR_OK && cli_has(c, "check"))
        *problems += status_problems(&s, stdout);
    else if (rc == ERR_OK && format == 1)
        status_json(&s, stdout);
    else if (rc == ERR_OK)
        status_text(&s, stdout);
    status_free(&s);
    ledger_close(&l);
    return rc;
}

int cmd_STATUS(struct cli *c, struct err *e) {
    static const char *const formats[] = {"text", "json"};
    int format, rc = cli_choice(c, "format", formats, 2, 0, &format, e);
    char **names;
    size_t n, problems = 0;
    if (rc) return rc;
    bool given = cli_has(c, "pipeline") || getenv("ETL_PIPELINE") || file_exists("pipeline.json");
    if (given) {
        names = NULL;
        n = 1;
    } else if ((rc = pipeline_list(c->env.home, &c->a, &names, &n, e))) {
        return rc;
    }
    bool list = format == 1 && cli_has(c, "failed");
    if (list) printf("[");
    for (size_t i = 0; i < n && rc == ERR_OK; i++) {
        struct pipeline *p = NULL;
        rc = cli_pipeline(c, names ? names[i] : NULL, &p, e);
        if (rc == ERR_OK) rc = one(c, p, format, &problems, e);
        pipeline_free(p);
    }
    if (list) printf("]\n");
    if (rc == ERR_OK && problems) {
        rc = ERR_TEST;
        e->msg[0] = 0; /* the lines on standard output say it */
    }
    return rc;
}

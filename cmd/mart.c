/* etl mart: see commands.def. What only looks at models (lineage, docs, tests, freshness) is here; building them is a
 * stage like the others. */
#include "base/stop.h"
#include "cmd/stage.h"
#include "io/sink.h"
#include "mart/fresh.h"
#include "mart/lineage.h"
#include "mart/select.h"
#include "mart/unit.h"

static int put_out(const struct cli *c, const struct buf *b, struct err *e) {
    struct sink *s = NULL;
    int rc = sink_open(&s, cli_get(c, "output"), 0, e);
    if (rc) return rc;
    rc = sink_write(s, b->p ? b->p : "", b->n, e);
    if (rc == ERR_OK) return sink_commit(s, NULL, e);
    sink_abort(s);
    return rc;
}

static int show_lineage(struct cli *c, const struct pipeline *p, struct strs names, int format, struct err *e) {
    struct lineage l;
    struct buf b = {0};
    lineage_make(&l, p, names);
    if (cli_has(c, "docs") && format != 1)
        lineage_markdown(&l, &b);
    else if (format == 1)
        lineage_json(&l, &b);
    else
        lineage_text(&l, &b);
    int rc = put_out(c, &b, e);
    buf_free(&b);
    lineage_free(&l);
    return rc;
}

struct tally {
    size_t passed, failed;
};

static void test_line(struct buf *b, bool json, const struct pl_model *m, const struct pl_unit *u,
                      const char *problem) {
    if (!json) {
        buf_fmt(b, "%-6s %s: %s%s%s\n", problem ? "FAILED" : "ok", m->name, u->name, problem ? ": " : "",
                problem ? problem : "");
        return;
    }
    buf_str(b, "{\"model\":");
    json_text_quote(b, m->name);
    buf_str(b, ",\"test\":");
    json_text_quote(b, u->name);
    buf_fmt(b, ",\"pass\":%s", problem ? "false" : "true");
    if (problem) {
        buf_str(b, ",\"problem\":");
        json_text_quote(b, problem);
    }
    buf_str(b, "}\n");
}

/* All tests of the selected models; one that cannot be run counts as failed, and the next one runs. */
static int run_units(struct cli *c, const struct pipeline *p, struct strs names, int format, struct err *e) {
    struct buf out = {0};
    struct tally t = {0};
    int rc = ERR_OK;
    for (size_t i = 0; i < p->nmodels && rc == ERR_OK; i++) {
        const struct pl_model *m = &p->models[i];
        if (names.n && !strs_has(names, sv_of(m->name))) continue;
        for (size_t k = 0; k < m->nunits && rc == ERR_OK; k++) {
            struct buf problem = {0};
            struct err mine = {0};
            int one = unit_run(p, m, &m->units[k], &problem, &mine);
            const char *why = one ? mine.msg : problem.n ? buf_text(&problem) : NULL;
            test_line(&out, format == 1, m, &m->units[k], why);
            *(why ? &t.failed : &t.passed) += 1;
            rc = stop_check(e);
            buf_free(&problem);
        }
    }
    if (format != 1) buf_fmt(&out, "%zu passed, %zu failed\n", t.passed, t.failed);
    if (rc == ERR_OK) rc = put_out(c, &out, e);
    if (rc == ERR_OK && t.failed)
        rc = err_set(e, ERR_TEST, "%zu of %zu unit tests failed", t.failed, t.passed + t.failed);
    if (rc == ERR_OK && !t.passed)
        rc = err_set(e, ERR_CONFIG, "no model %s has \"unit_tests\"", names.n ? "of the selection" : "of the pipeline");
    buf_free(&out);
    return rc;
}

static void fresh_line(struct buf *b, bool json, const struct freshness *f) {
    if (!json) {
        buf_fmt(b, "%-6s %-32s %10lld rows  newest %s %s\n", fresh_states[f->state], f->table, (long long)f->rows,
                f->column, f->newest ? f->newest : "none");
        return;
    }
    buf_str(b, "{\"table\":");
    json_text_quote(b, f->table);
    buf_fmt(b, ",\"state\":\"%s\",\"rows\":%lld,\"column\":", fresh_states[f->state], (long long)f->rows);
    json_text_quote(b, f->column);
    if (f->newest)
        buf_fmt(b, ",\"newest\":\"%s\",\"age_days\":%lld}\n", f->newest, (long long)f->age_days);
    else
        buf_str(b, ",\"newest\":null}\n");
}

static int show_freshness(struct cli *c, const struct pipeline *p, int format, struct err *e) {
    struct db wh = {0};
    struct buf b = {0};
    struct arena a = {0};
    day_t day, to;
    size_t stale = 0;
    int rc = cli_days(c, p, NULL, false, &day, &to, e);
    if (rc == ERR_OK) rc = warehouse_open_read(&wh, c->env.home, e);
    for (size_t i = 0; i < p->ndatasets && rc == ERR_OK; i++) {
        const struct pl_dataset *d = &p->datasets[i];
        struct freshness f;
        const struct pl_freshness *limits = d->load ? freshness_limits(p, d) : NULL;
        if (!d->load) continue;
        rc = freshness_of(&wh, d, limits, day_text(day).s, &f, &a, e);
        if (rc) break;
        stale += f.state == FRESH_STALE || (f.state == FRESH_EMPTY && limits->error_days >= 0);
        fresh_line(&b, format == 1, &f);
    }
    if (rc == ERR_OK) rc = put_out(c, &b, e);
    if (rc == ERR_OK && stale) rc = err_set(e, ERR_TEST, "%zu tables are stale", stale);
    if (wh.h) db_close(&wh);
    arena_free(&a);
    buf_free(&b);
    return rc;
}

static int look(struct cli *c, const struct pipeline *p, struct err *e) {
    static const char *const formats[] = {"text", "json"};
    struct strs names = {0};
    int format, rc = cli_choice(c, "format", formats, 2, 0, &format, e);
    if (rc == ERR_OK && cli_has(c, "select")) rc = mart_select(p, cli_get(c, "select"), &c->a, &names, e);
    if (rc == ERR_OK && c->noperands)
        rc = err_set(e, ERR_USAGE, "etl mart takes no operands; '%s' is one too many", c->operands[0]);
    if (rc) return rc;
    if (cli_has(c, "test")) return run_units(c, p, names, format, e);
    return cli_has(c, "freshness") ? show_freshness(c, p, format, e) : show_lineage(c, p, names, format, e);
}

int cmd_MART(struct cli *c, struct err *e) {
    static const char *const looks[] = {"test", "lineage", "docs", "freshness"};
    struct pipeline *p = NULL;
    int asked = 0;
    for (int i = 0; i < 4; i++) asked += cli_has(c, looks[i]);
    if (asked > 1) return err_set(e, ERR_USAGE, "only one of --test, --lineage, --docs and --freshness at a time");
    if (!asked && (cli_has(c, "format") || cli_has(c, "output")))
        return err_set(e, ERR_USAGE, "--format and --output go with --test, --lineage, --docs or --freshness");
    if (!asked) return cmd_stage(c, filter_mart, e);
    int rc = cli_pipeline(c, NULL, &p, e);
    if (rc) return rc;
    rc = look(c, p, e);
    pipeline_free(p);
    return rc;
}

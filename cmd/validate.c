/* etl validate: with a pipeline the stage of the filters; with --schema or --profile a tool of its own. */
#include <unistd.h>

#include "base/log.h"
#include "base/progress.h"
#include "cmd/stage.h"
#include "io/file.h"
#include "io/sink.h"
#include "run/profiling.h"
#include "json/check.h"

/* Options of the other form would be passed over in silence, and what was meant would not be done. */
static int refuse(const struct cli *c, const char *const *names, size_t n, const char *why, struct err *e) {
    for (size_t k = 0; k < n; k++)
        if (cli_has(c, names[k])) return err_set(e, ERR_USAGE, "--%s means nothing %s", names[k], why);
    return ERR_OK;
}

static int with_schema(struct cli *c, struct err *e) {
    static const char *const formats[] = {"text", "json"};
    static const char *const others[] = {"pipeline", "day", "dataset", "format"};
    struct json_check_opt o = {.schema = cli_get(c, "schema"),
                               .dir = cli_get(c, "schema-dir"),
                               .assert_format = cli_has(c, "assert-format"),
                               .records = cli_has(c, "records"),
                               .places = log_shows(LOG_DEBUG),
                               .files = c->operands,
                               .nfiles = c->noperands,
                               .out = cli_get(c, "output"),
                               .rejects = cli_get(c, "rejects"),
                               .summary = cli_get(c, "summary"),
                               .threads = c->env.threads,
                               .max_line = c->env.max_line,
                               .block = env_block(&c->env)};
    int64_t most;
    int format;
    int rc = refuse(c, others, sizeof others / sizeof *others, "with --schema: it belongs to checks with -p", e);
    if (rc == ERR_OK && o.out && format_of(o.out) == FMT_CSV)
        rc = err_set(e, ERR_USAGE, "with --schema records are written as JSONL; '%s' says CSV", o.out);
    if (rc == ERR_OK) rc = cli_int(c, "max-errors", 0, INT64_MAX, 0, &most, e);
    if (rc == ERR_OK) rc = cli_choice(c, "errors", formats, 2, 0, &format, e);
    if (rc) return rc;
    o.max_errors = (uint64_t)most;
    o.json = format == 1;
    return json_check(&o, e);
}

enum profile_format { PROFILE_TEXT, PROFILE_JSON, PROFILE_SCHEMA };

/* Options that mean something else, and would be passed over in silence. */
static int refuse_others(const struct cli *c, struct err *e) {
    static const char *const others[] = {"schema", "schema-dir", "assert-format", "max-errors",
                                         "errors", "rejects",    "records",       "summary"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (cli_has(c, others[i]))
            return err_set(e, ERR_USAGE,
                           "--profile and --%s exclude each other: --profile describes records, it checks none",
                           others[i]);
    if (!cli_has(c, "pipeline") && (cli_has(c, "dataset") || cli_has(c, "day")))
        return err_set(e, ERR_USAGE, "--profile takes --dataset and --day with -p only");
    return ERR_OK;
}

static int profile_format_of(const struct cli *c, enum profile_format *f, struct err *e) {
    static const char *const names[] = {"text", "json", "schema"};
    const char *out = cli_get(c, "output");
    int format, absent = out && format_of(out) == FMT_JSON ? PROFILE_JSON : PROFILE_TEXT;
    int rc = cli_choice(c, "format", names, 3, absent, &format, e);
    *f = (enum profile_format)format;
    return rc;
}

static int write_profile(const struct cli *c, const struct profile *p, enum profile_format f, struct err *e) {
    static void (*const formats[])(const struct profile *, struct buf *) = {profile_text, profile_json, profile_schema};
    struct buf b = {0};
    struct sink *s;
    int rc = sink_open(&s, cli_get(c, "output"), 0, e);
    if (rc) return rc;
    formats[f](p, &b);
    rc = sink_write(s, b.p, b.n, e);
    if (rc == ERR_OK)
        rc = sink_commit(s, NULL, e);
    else
        sink_abort(s);
    buf_free(&b);
    return rc;
}

static int read_profile(struct cli *c, struct profile **p, struct reader_opt *ro, const struct profile_opt *o,
                        struct err *e) {
    struct reader *r = NULL;
    progress_begin("validate", "profile");
    for (size_t i = 0; i < c->noperands; i++)
        if (file_size(c->operands[i]) > 0) progress_expect((uint64_t)file_size(c->operands[i]));
    if (!c->noperands && isatty(0)) log_info("reading records from the terminal; end with Ctrl-D");
    int rc = reader_open(&r, c->operands, c->noperands, ro, e);
    if (rc == ERR_OK) rc = profile_run(p, r, o, e);
    progress_end();
    reader_close(r);
    if (rc) return rc;
    log_info("%llu records", (unsigned long long)profile_records(*p));
    if (profile_invalid(*p))
        log_warn("%llu lines are no JSON and are left out of the profile", (unsigned long long)profile_invalid(*p));
    return ERR_OK;
}

static int with_profile(struct cli *c, struct err *e) {
    struct pipeline *pl = NULL;
    const struct pl_dataset *d;
    struct profile *p = NULL;
    struct reader_opt ro = {.block = profile_block(c->env.memory), .max_line = c->env.max_line};
    struct profile_opt o = {.threads = c->env.threads, .memory = c->env.memory};
    enum profile_format f;
    day_t from, to;
    int rc = refuse_others(c, e);
    if (rc == ERR_OK) rc = profile_format_of(c, &f, e);
    if (rc) return rc;
    if (cli_has(c, "pipeline")) {
        rc = cli_pipeline(c, NULL, &pl, e);
        if (rc == ERR_OK) rc = cli_days(c, pl, NULL, false, &from, &to, e);
        if (rc == ERR_OK) rc = cli_dataset(c, pl, &d, e);
        if (rc == ERR_OK) rc = profiling_titles(pl, d, &c->a, &o, e);
        if (rc == ERR_OK) {
            ro.column = collect_column;
            ro.ctx = (void *)(uintptr_t)d;
        }
    }
    if (rc == ERR_OK) rc = read_profile(c, &p, &ro, &o, e);
    if (rc == ERR_OK) rc = write_profile(c, p, f, e);
    profile_free(p);
    pipeline_free(pl);
    return rc;
}

int cmd_VALIDATE(struct cli *c, struct err *e) {
    static const char *const others[] = {"schema-dir", "assert-format", "max-errors", "errors", "records", "summary"};
    if (cli_has(c, "profile")) return with_profile(c, e);
    if (cli_has(c, "schema")) return with_schema(c, e);
    int rc = refuse(c, others, sizeof others / sizeof *others, "without --schema", e);
    return rc ? rc : cmd_stage(c, filter_validate, e);
}

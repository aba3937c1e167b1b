/* etl validate: with a pipeline the stage of the filters, with --schema a tool of its own. */
#include "base/log.h"
#include "cmd/stage.h"
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

int cmd_VALIDATE(struct cli *c, struct err *e) {
    static const char *const others[] = {"schema-dir", "assert-format", "max-errors", "errors", "records", "summary"};
    if (cli_has(c, "schema")) return with_schema(c, e);
    int rc = refuse(c, others, sizeof others / sizeof *others, "without --schema", e);
    return rc ? rc : cmd_stage(c, filter_validate, e);
}

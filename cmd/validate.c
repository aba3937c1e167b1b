/* etl validate: with a pipeline the stage of the filters, with --schema a tool of its own. */
#include "cmd/stage.h"
#include "json/check.h"

static int with_schema(struct cli *c, struct err *e) {
    static const char *const formats[] = {"text", "json"};
    struct json_check_opt o = {.schema = cli_get(c, "schema"),
                               .dir = cli_get(c, "schema-dir"),
                               .assert_format = cli_has(c, "assert-format"),
                               .files = c->operands,
                               .nfiles = c->noperands,
                               .threads = c->env.threads,
                               .max_line = c->env.max_line,
                               .block = env_block(&c->env)};
    int64_t most;
    int format;
    int rc = cli_int(c, "max-errors", 0, INT64_MAX, 0, &most, e);
    if (rc == ERR_OK) rc = cli_choice(c, "errors", formats, 2, 0, &format, e);
    if (rc) return rc;
    o.max_errors = (uint64_t)most;
    o.json = format == 1;
    return json_check(&o, e);
}

int cmd_VALIDATE(struct cli *c, struct err *e) {
    return cli_has(c, "schema") ? with_schema(c, e) : cmd_stage(c, filter_validate, e);
}

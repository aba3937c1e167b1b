/* See stage.h. */
#include "cmd/stage.h"

#include "base/near.h"
#include "mart/select.h"

static int find_step(const struct cli *c, struct filter_opt *o, struct err *e) {
    const char *name = cli_get(c, "step");
    if (!name) return ERR_OK;
    struct near near = near_start(name);
    for (size_t i = 0; i < o->d->nsteps; i++) {
        near_offer(&near, o->d->steps[i].name);
        if (strcmp(o->d->steps[i].name, name) == 0) o->step = &o->d->steps[i];
    }
    struct arena a = {0};
    int rc = o->step ? ERR_OK
                     : err_set(e, ERR_USAGE, "dataset %s has no step '%s'%s", o->d->name, name, near_hint(&near, &a));
    arena_free(&a);
    return rc;
}

int cmd_stage(struct cli *c, int (*filter)(const struct run_env *, const struct filter_opt *, struct err *),
              struct err *e) {
    static const char *const formats[] = {"jsonl", "csv"};
    struct pipeline *p = NULL;
    struct filter_opt o = {
        .files = c->operands, .nfiles = c->noperands, .out = cli_get(c, "output"), .rejects = cli_get(c, "rejects")};
    day_t to;
    int format, rc = cli_pipeline(c, NULL, &p, e);
    if (rc) return rc;
    o.p = p;
    rc = cli_days(c, p, NULL, false, &o.day, &to, e);
    if (rc == ERR_OK && c->command != CMD_MART) rc = cli_dataset(c, p, &o.d, e);
    if (rc == ERR_OK) rc = cli_choice(c, "format", formats, 2, 0, &format, e);
    if (rc == ERR_OK && o.d) rc = find_step(c, &o, e);
    if (rc == ERR_OK && cli_has(c, "select")) rc = mart_select(p, cli_get(c, "select"), &c->a, &o.models, e);
    if (rc == ERR_OK && c->noperands && !*cli_commands[c->command].operands)
        rc = err_set(e, ERR_USAGE, "etl %s takes no operands; '%s' is one too many", cli_commands[c->command].name,
                     c->operands[0]);
    if (rc == ERR_OK) {
        o.csv = format == 1;
        rc = filter(&c->env, &o, e);
    }
    pipeline_free(p);
    return rc;
}

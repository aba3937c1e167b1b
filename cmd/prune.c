/* etl prune: see commands.def. */
#include "run/prune.h"

#include "base/log.h"
#include "cmd/cli.h"
#include "io/file.h"
#include "run/lock.h"

int cmd_PRUNE(struct cli *c, struct err *e) {
    struct pipeline *p = NULL;
    struct run_lock lock = {.fd = -1};
    struct ledger l = {0};
    struct prune_stats st = {0};
    bool dry = cli_has(c, "dry-run");
    int rc = cli_pipeline(c, NULL, &p, e);
    if (rc == ERR_OK && !p->retention)
        rc = err_set(e, ERR_CONFIG,
                     "%s has no \"retention\": everything is kept. Say \"retention\": \"14d\", for example", p->name);
    if (rc == ERR_OK && !file_exists(c->env.home)) goto out; /* nothing was ever made here */
    if (rc == ERR_OK && !dry) rc = run_lock_take(&lock, c->env.home, p->name, c->env.command, e);
    if (rc == ERR_OK && !dry) rc = ledger_open(&l, c->env.home, e);
    if (rc == ERR_OK) rc = prune(p, c->env.home, dry ? NULL : &l, dry ? stdout : NULL, &st, e);
out:
    if (rc == ERR_OK)
        log_info("%zu partitions %s, %llu bytes", st.partitions, dry ? "would be removed" : "removed",
                 (unsigned long long)st.bytes);
    ledger_close(&l);
    run_lock_drop(&lock);
    pipeline_free(p);
    return rc;
}

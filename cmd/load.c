/* etl load: see commands.def. */
#include "cmd/cli.h"
#include "cmd/stage.h"

int cmd_LOAD(struct cli *c, struct err *e) {
    return cmd_stage(c, filter_load, e);
}

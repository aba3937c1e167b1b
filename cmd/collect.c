/* etl collect: see commands.def. */
#include "cmd/cli.h"
#include "cmd/stage.h"

int cmd_COLLECT(struct cli *c, struct err *e) {
    return cmd_stage(c, filter_collect, e);
}

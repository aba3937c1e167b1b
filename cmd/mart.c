/* etl mart: see commands.def. */
#include "cmd/stage.h"

int cmd_MART(struct cli *c, struct err *e) {
    return cmd_stage(c, filter_mart, e);
}

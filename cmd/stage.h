/* What the stage commands have in common: pipeline, day, dataset, files, output. */
#ifndef ETL_CMD_STAGE_H
#define ETL_CMD_STAGE_H

#include "cmd/cli.h"
#include "run/filter.h"

int cmd_stage(struct cli *c, int (*filter)(const struct run_env *, const struct filter_opt *, struct err *),
              struct err *e);

#endif

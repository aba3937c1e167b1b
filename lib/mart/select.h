/*
 * Selectors of models: "mart_x" one model, "+mart_x" with everything that it is made from, "mart_x+" with everything
 * that is made from it, "+mart_x+" both; several joined by commas. A loaded table may stand in the place of a model:
 * "raw_events+".
 */
#ifndef ETL_MART_SELECT_H
#define ETL_MART_SELECT_H

#include "pipeline/pipeline.h"

/* Names of models (and of loaded tables that were named or reached), each once, in the arena. ERR_USAGE with the
 * nearest name. */
int mart_select(const struct pipeline *p, const char *text, struct arena *a, struct strs *out, struct err *e);

#endif

/* What the two files of OpenLineage share. Private. */
#ifndef ETL_RUN_OPENLINEAGE_IMPL_H
#define ETL_RUN_OPENLINEAGE_IMPL_H

#include <cjson/cJSON.h>

#include "run/openlineage.h"

#define OL_PRODUCER "https://etl.invalid/etl/" ETL_VERSION

#define OL_SPEC "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/"

/* A facet of that name in the list of facets; schema as in "facets/1-0-1/SQLJobFacet". */
cJSON *ol_facet(cJSON *facets, const char *name, const char *schema);
void ol_run_facets(const struct openlineage *o, cJSON *facets, const char *error);
void ol_parent(cJSON *facets, const char *run, const char *ns, const char *job);
/* What the step reads and writes; r NULL: it has not worked yet. */
void ol_datasets(const struct openlineage *o, const struct plan_step *s, const struct step_result *r, cJSON *in,
                 cJSON *out);

#endif

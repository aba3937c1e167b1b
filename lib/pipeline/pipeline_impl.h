/* What the files of lib/pipeline share. Private to the room. */
#ifndef ETL_PIPELINE_IMPL_H
#define ETL_PIPELINE_IMPL_H

#include "pipeline/pipeline.h"
#include "pipeline/values.h"

/* Check a value against one of the schemas in the binary; nothing more. */
void check_shape(struct mistakes *m, struct jval root, const char *schema);
void define_report(struct pipeline *p, struct jval v, struct mistakes *m);
int pipeline_find(struct pipeline *p, const char *name, const char *home, struct buf *text, struct err *e);
void define_pipeline(struct pipeline *p, struct jval root, struct mistakes *m);
void define_dataset(struct pipeline *p, struct pl_dataset *d, struct jval v, struct mistakes *m);
struct pl_http *define_http(struct pipeline *p, struct jval v, struct mistakes *m);
void define_checks(struct pipeline *p, struct pl_dataset *d, struct jval v, struct mistakes *m);
void define_alerts(struct pipeline *p, struct jval root);
void define_watch(struct pipeline *p, struct jval root);
void define_steps(struct pipeline *p, struct pl_dataset *d, struct jval v, struct mistakes *m);
/* Needs the datasets; root is the whole definition: tests of tables are models too. */
void define_models(struct pipeline *p, struct jval root, struct mistakes *m);
/* "tests" of v into md, with their SQL added to its digest and its references; unit tests into md->units. */
void define_tests(struct pipeline *p, struct pl_model *md, struct jval v, struct sha256 *h, struct mistakes *m);
void define_units(struct pipeline *p, struct pl_model *md, struct jval v, struct mistakes *m);
void define_freshness(struct pipeline *p, struct pl_model *md, struct jval v);
void check_tests(const struct pl_model *md, struct jval v, struct mistakes *m);
void add_refs(struct pipeline *p, struct pl_model *md, const char *sql);
bool model_has_column(const struct pl_model *md, const char *name);
const char *read_sql(struct pipeline *p, const char *file, struct jval at, struct mistakes *m);

#endif

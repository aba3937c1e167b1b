/*
 * Lineage: what is made from what, from the sources through raw, silver and tables to marts and report.
 *
 *   source:api1 -> raw:api1 -> silver:api1/typed -> table:silver_api1 -> cte:stg_x -> table:mart_y -> report:가격
 *
 * Read from the definition alone; no home is needed. With a selection only the nodes in it are left, and
 * what lies between two of them.
 */
#ifndef ETL_MART_LINEAGE_H
#define ETL_MART_LINEAGE_H

#include "pipeline/pipeline.h"

struct lineage_node {
    const char *id;    /* "table:mart_y", unique */
    const char *layer; /* source, raw, silver, table, seed, cte, view, mart, report */
    const char *name, *title, *description,
        *place; /* place: file of the SQL, URL or path of the source; NULL without */
    const struct column *cols;
    const char **notes; /* of the columns; NULL without */
    size_t ncols;
    const struct pl_test *tests;
    size_t ntests, nunits;
    struct strs from; /* ids */
};
struct lineage {
    struct arena a;
    const struct pipeline *p;
    struct lineage_node *n; /* each after what it is made from */
    size_t nodes;
};
/* names: of the models and tables to show, with the way from its source of each such table; n 0: everything. */
void lineage_make(struct lineage *l, const struct pipeline *p, struct strs names);
void lineage_free(struct lineage *l);
void lineage_text(const struct lineage *l, struct buf *out);
void lineage_json(const struct lineage *l,
                  struct buf *out); /* {"pipeline", "nodes": [...], "edges": [{"from", "to"}]} */
/* The documentation of models and columns, Markdown. */
void lineage_markdown(const struct lineage *l, struct buf *out);

#endif

/*
 * What SQL says about one column, worked out once per value of it, by SQLite itself: affinities, collations, LIKE and
 * functions mean what they always mean.
 */
#ifndef ETL_MART_EVAL_H
#define ETL_MART_EVAL_H

#include "mart/group.h"

struct mart_params;
struct eval {
    struct db *db;
    const struct mart_params *params; /* for :ds and the like */
    struct keep *keep;
};

/* The value of a parameter by its name (":ds"); false: there is none of that name. */
bool param_value(const struct mart_params *p, const char *name, const char **value);

/* `expr` over column col of rel, which it calls by the column's name, qualified by alias or not. false: SQLite does not
 * take the expression, it fails for a value, or it gives a blob; then the SQL around it must be left to SQLite. */
bool eval_truth(struct eval *x, const struct relation *rel, int col, struct sv alias, const char *expr,
                struct group_pred *out);
bool eval_values(struct eval *x, const struct relation *rel, int col, struct sv alias, const char *expr,
                 struct group_value *out);
/* An expression without a column. */
bool eval_constant(struct eval *x, const char *expr, struct dict *into, uint32_t *code);

#endif

/*
 * Arithmetic over the fields of a record: "round(price / coalesce(quantity, 1))", "price > 0 and quantity >= 1".
 *
 *   + - * / % and parentheses, unary -, comparisons < <= > >= = !=, and, or, not; numbers; names of fields, those that
 *   are no plain words in [brackets]; floor ceil abs sqrt cos sin exp ln (x), round(x) and round(x, digits) (half to
 *   even, as Python and IEEE 754), min max coalesce (any number of arguments), if(condition, a, b).
 *
 * Values are doubles. A field that is absent, null or no number is null (a JSON string that is a number counts as one);
 * so is what is computed from null, a division by zero and every result that is not finite. Comparisons with null are
 * false. Angles are in radians.
 */
#ifndef ETL_TRANSFORM_EXPR_H
#define ETL_TRANSFORM_EXPR_H

#include "transform/op.h"

struct expr;
/* NULL after a mistake, told at `at`. In the pipeline's arena. */
const struct expr *expr_parse(struct op_parse *c, const char *text, struct jval at);
/* false: null */
bool expr_value(const struct expr *x, const struct trec *r, double *out);

#endif

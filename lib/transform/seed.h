/*
 * A CSV of the definition, read whole while the definition is read: the rows of a lookup, the names of a vocabulary.
 * Cells are text. What is wrong with the file is told as a mistake of the definition.
 */
#ifndef ETL_TRANSFORM_SEED_H
#define ETL_TRANSFORM_SEED_H

#include "transform/op.h"

struct seed {
    const char *file;
    struct svs columns;
    struct sv *cells; /* row after row, in the pipeline's arena */
    size_t n;         /* rows */
};
/* The file that c->v names under key; its text is added to the step's digest. False after a mistake. */
bool seed_read(struct op_parse *c, const char *key, struct seed *s);
/* Place of the column, told as a mistake (at the operation's word) when there is none; name NULL: SIZE_MAX. */
bool seed_column(struct op_parse *c, const struct seed *s, struct sv name, size_t *at);
static inline struct sv seed_cell(const struct seed *s, size_t row, size_t column) {
    return s->cells[row * s->columns.n + column];
}

#endif

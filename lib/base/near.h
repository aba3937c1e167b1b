/*
 * The nearest known word for a misspelt one, for messages that end in "did you mean ...?".
 */
#ifndef ETL_BASE_NEAR_H
#define ETL_BASE_NEAR_H

#include "base/mem.h"

/* Edit distance with transpositions (optimal string alignment), at most `limit` + 1. */
int near_distance(struct sv a, struct sv b, int limit);

struct near {
    struct sv word;
    const char *best;
    int distance;
};
/* Offer candidates one by one, then read best: NULL when nothing is near enough
 * (more than a third of the word's letters wrong, at least 1, at most 3; a prefix counts as near). */
struct near near_start(const char *word);
void near_offer(struct near *n, const char *candidate);
/* " (did you mean 'x'?)" or "" in the arena */
const char *near_hint(const struct near *n, struct arena *a);

#endif

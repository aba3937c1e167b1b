/* The different values of a field within a batch; see walk.h. Private to the room. */
#ifndef ETL_PROFILE_ONES_H
#define ETL_PROFILE_ONES_H

#include "profile/walk.h"

/* A scalar that is not null. */
void ones_add(struct seen *s, struct jval v, uint64_t salt);
/* The batch is over: what each value means, and the tally. Texts may be in the arena. */
void ones_end(struct seen *s, struct arena *a);
/* Ready for the next batch. */
void ones_clear(struct seen *s);

#endif

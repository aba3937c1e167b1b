/* What the files of lib/profile share. Private to the room. */
#ifndef ETL_PROFILE_IMPL_H
#define ETL_PROFILE_IMPL_H

#include "profile/profile.h"
#include "profile/walk.h"

/* How much is kept of a field, by its place in order of appearance. */
struct tier {
    uint32_t upto; /* fields */
    uint32_t values;
    size_t text;
    uint32_t ranks;
    int hll;
};
#define TIERS 3

struct profile {
    struct arena a;
    struct tier tiers[TIERS];
    uint32_t most;         /* fields besides the record itself */
    struct field **fields; /* [0] is the record itself */
    uint32_t nfields;
    struct figures *figures; /* of each, when all is read */
    bool full;               /* fields and map stand still from now on; read by all threads */
    uint32_t *map, mask;     /* by parent and key: index, 0 free */
    uint64_t salt;
    uint64_t records, invalid, repeated, left_out, bytes;
    struct bad_line bad[WALK_SAMPLES];
    size_t nbad;
    const char **inputs;
    size_t ninputs;
    const char *title;
};
/* The next field in the order of output: a field, then what is in it. NULL after the last. */
struct field *profile_next(const struct field *f);

#endif

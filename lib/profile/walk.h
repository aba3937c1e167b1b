/*
 * A batch of records as seen by one thread: the fields that occur in it, and of each the different values with their
 * counts and, as a list of indices, their order. What comes out is merged by the caller's thread in the order of the
 * input (merge in profile.c). Private to the room.
 *
 *   {"a":1,"b":"x"} {"a":1,"b":"y"}   ->   a: one {1 twice}, ids 0 0    b: one {x once, y once}, ids 0 1
 *
 * Fields are remembered from batch to batch, with the field that each turned out to be, so that most keys are found by
 * one comparison: with the key that followed last time.
 *
 * Which fields a profile has is told by the order of the input, which a thread does not know. So a key that it meets
 * first is fresh, and the merge gives it a place or not. Once the profile is full (its fields stand still) a thread can
 * ask it. A batch with more fresh keys than there are places is given up; the merge walks it again itself.
 */
#ifndef ETL_PROFILE_WALK_H
#define ETL_PROFILE_WALK_H

#include "profile/field.h"
#include "json/batch.h"

#define KEY_MOST 1024  /* a longer key gets no field */
#define LEVELS_MOST 32 /* nor does what lies deeper */

struct one {
    uint64_t hash;
    const char *p; /* as written; after walk_end what it means */
    double num;
    uint32_t len, count, at; /* at: for the merge */
    uint8_t type, flags, kind;
    bool zoned;
};
struct seen {
    struct seen *parent, *item;       /* item: the elements of an array */
    struct seen *first_guess, *guess; /* first member of this object, member after this one */
    struct field *field;              /* NULL until the merge knows */
    const char *key;
    uint32_t keylen, level;
    uint64_t key_hash, batch, object; /* object, member: where in the object under way it was found last */
    size_t member;
    struct tally t;
    struct one *ones;
    uint32_t n, cap, *slots, mask;
    uint32_t *ids, nids, idcap;
    bool direct; /* values that hardly ever repeat: all in a row, no ids, no search for the same one */
    uint64_t came;
};
struct member {
    struct seen *s;
    uint32_t token;
};
#define WALK_SAMPLES 5
struct bad_line {
    uint64_t line;
    uint32_t file;
    const char *problem;
};
struct walk {
    /* The field below parent, or NULL where there is none; NULL itself: keys may be fresh. */
    struct field *(*place)(void *ctx, struct field *parent, struct sv key, uint64_t hash, bool item);
    void *ctx;
    struct field *record; /* what all records are */
    uint32_t most;        /* fields */
    bool gave_up;
    struct arena nodes, a; /* a: of the batch */
    struct seen *root;
    struct seen **map; /* by parent and key */
    uint32_t nmap, mapcap, nseen;
    struct seen **active, **fresh; /* of this batch, in order of appearance */
    uint32_t nactive, nfresh, activecap, freshcap;
    struct member *members;
    size_t nmembers, memcap;
    uint64_t batch, objects, salt;
    uint64_t records, invalid;
    struct bad_line bad[WALK_SAMPLES];
    size_t nbad;
    struct buf key;
};
void walk_batch(struct walk *w, const struct batch *b);
/* Forget all fields: some of them got no place. */
void walk_forget(struct walk *w);
void walk_free(struct walk *w);

#endif

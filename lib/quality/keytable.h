/*
 * A hash table from keys to small fixed-size slots, for millions of keys in a known amount of memory.
 *
 *   slot   16 bytes of key, kind, file and line of its first record, a flag, then the caller's payload
 *   group  16 tag bytes (0 free, else 7 bits of the hash with the high bit set), then 16 slots
 *   shard  groups in one mapping, on large pages as far as it fills them; a key goes to the group that its hash names
 * and on to the next while that is full
 *
 * A shard grows on its own, in steps of an eighth once it is large, up to 15/16 full, so that a table takes at most
 * keytable_cost bytes a key and growing never holds a table twice. The hash is keyed by a secret of the process: no
 * input can be made to collide. Nothing that a caller can see but the order of keytable_each depends on it.
 *
 * Slots move when a key is added: a pointer is valid until then. One thread at a time; keytable_hash from any thread.
 */
#ifndef ETL_QUALITY_KEYTABLE_H
#define ETL_QUALITY_KEYTABLE_H

#include "base/mem.h"

struct key {
    uint64_t w[2];
    uint64_t kind; /* below 32 */
};
struct kslot {
    uint64_t key[2];
    uint64_t kind : 5, flag : 1, file : 18, line : 40;
    uint8_t payload[];
} __attribute__((packed));
#define KSLOT_FILES ((uint64_t)1 << 18)
#define KSLOT_LINES ((uint64_t)1 << 40)

struct kshard {
    uint8_t *room, *mem; /* a mapping, and where in it the shard begins */
    size_t room_size, bytes;
    uint32_t groups, n, limit;
};
struct keytable {
    size_t slot, group, small; /* bytes of a slot, of a group; below `small` a shard doubles */
    struct kshard *shards;
    uint32_t nshards;
    uint64_t n;
    uint8_t *scratch;
    size_t scratch_size;
};

/* memory: what all tables that share it may grow to; decides how many shards there are. */
void keytable_init(struct keytable *t, size_t payload, size_t memory);
void keytable_free(struct keytable *t);
/* Bytes that a key takes at most in a table that is not tiny. */
size_t keytable_cost(const struct keytable *t);
uint64_t keytable_hash(struct key k);
/* Bring the lines that the next call for this hash will read into the cache; the second after the first has arrived. */
void keytable_prefetch_tags(const struct keytable *t, uint64_t hash);
void keytable_prefetch_slot(const struct keytable *t, uint64_t hash);
/* NULL when the key is not in. */
struct kslot *keytable_find(struct keytable *t, const struct key *k, uint64_t hash);
/* The key's slot, made with zeros (*added) where there is none; NULL when the system has no memory for it. */
struct kslot *keytable_add(struct keytable *t, const struct key *k, uint64_t hash, bool *added);
/* All slots in no particular order; *at begins with 0; NULL at the end. */
struct kslot *keytable_each(const struct keytable *t, uint64_t *at);

#endif

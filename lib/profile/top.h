/*
 * The different values of a field and how often each occurs: exactly while they fit, then the frequent ones.
 *
 * At most `most` values of together `most_text` bytes are kept. When one more would not fit, the median of the counts
 * is taken off all of them and what is at 0 goes; `lost` is the sum of what was taken off. From then on a count is
 * too low by at most `lost`, and a value that is not kept occurred at most `lost` times: no more than
 * 2 n / most where n values came (or less room, for long ones). Misra, Gries, "Finding repeated elements",
 * Science of Computer Programming 2 (1982), in the form of Anderson et al., "A high-performance algorithm for
 * identifying frequent items in data streams", IMC 2017.
 *
 * Values are told apart by hash, length and their first 256 bytes; no more than these are kept. Counts and which
 * values stay depend on the values and their order alone.
 */
#ifndef ETL_PROFILE_TOP_H
#define ETL_PROFILE_TOP_H

#include "base/mem.h"

#define VALUE_KEEP 256

struct value {
    uint64_t hash, count;
    double num;       /* what it means, where it is a number or an instant */
    uint32_t at, len; /* text in the pool, its first VALUE_KEEP bytes; len is the whole length */
    uint8_t kind;
    bool quoted;
};
struct top {
    struct value *v;
    uint32_t n, cap, most;
    uint64_t *slots; /* index + 1, and above it bits of the hash, so that a miss looks at no value */
    uint32_t mask;
    struct buf pool;
    size_t most_text;
    uint64_t lost;
    uint64_t salt; /* of the table's layout only: nobody can write a file that makes it slow */
};
#define TOP_NONE UINT32_MAX
void top_start(struct top *t, uint32_t most, size_t most_text, uint64_t salt);
void top_expect(const struct top *t, uint64_t hash); /* it will be looked for soon */
uint32_t top_find(const struct top *t, const struct value *like, const char *text);
bool top_fits(const struct top *t, uint32_t values, size_t text);         /* so many more, for certain */
uint32_t top_add(struct top *t, const struct value *v, const char *text); /* must fit and not be there; its index */
void top_shrink(struct top *t);                                           /* indices change */
struct sv top_text(const struct top *t, const struct value *v);
/* The most frequent, most frequent first, equal ones by text; at most n into out. Returns how many. */
size_t top_list(const struct top *t, const struct value **out, size_t n);
void top_free(struct top *t);

static inline uint32_t value_kept(uint32_t len) {
    return len < VALUE_KEEP ? len : VALUE_KEEP;
}

#endif

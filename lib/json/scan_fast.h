/*
 * The fast way of the scanner, for what records are nearly always: an object or an array that is valid.
 *
 * Two steps. First an index of the text, 64 bytes at a time with the widest registers of the machine: where each
 * quote stands that is no escaped one, and bit maps of the backslashes and of the bytes >= 0x80. Escapes, control
 * characters in strings and UTF-8 are checked here. Then a walk that jumps from quote to quote and writes the tokens.
 *
 *   {"a": "x\"y"}   ->   quotes at 1 3 6 11   ->   OBJ, STR "a", STR "x\"y"
 *
 * It says yes or gives up; it never says what is wrong. Whoever gets a no asks the careful scanner (scan.c), which
 * finds the fault, or takes the text after all (a lone string, a text over SCAN_FAST_MAX). Where the fast way says yes,
 * the tokens are the ones the careful scanner gives: scan_fuzz.c and scan_fast_test.c compare the two.
 *
 * Internal to lib/json/scan*.c.
 */
#ifndef ETL_JSON_SCAN_FAST_H
#define ETL_JSON_SCAN_FAST_H

#include "json/scan.h"

#define SCAN_FAST_MAX ((size_t)1 << 20) /* bytes: bounds the index; no record of everyday is near it */

#define SCAN_BLOCK 64

/* The index of one text; kept by a struct jtoks from text to text. One piece of memory. */
struct scan_index {
    size_t words;           /* blocks there is room for */
    uint64_t *slash, *high; /* bit i of word w: byte 64 * w + i */
    uint64_t any_slash, any_high;
    uint32_t *quote; /* offsets, then two of UINT32_MAX */
};

/* How to make an index: with which registers. Each gives the same index. */
struct scan_way {
    const char *name; /* "plain", "sse2", "avx2" */
    bool (*index)(struct scan_index *x, const char *text, size_t len);
    bool (*utf8)(const char *text, size_t len);
};
/* The k-th way that this machine has, slowest first; NULL beyond the last. */
const struct scan_way *scan_way(size_t k);

bool scan_fast(struct jtoks *out, const char *text, size_t len, const struct scan_way *way);
/* The other one, which knows everything. */
bool scan_careful(struct jtoks *out, const char *text, size_t len, int flags, struct jerr *je);

/* scan_utf8.c */
bool scan_utf8_plain(const char *text, size_t len);
/* Length of the valid UTF-8 character at p (first byte >= 0x80), 0 if there is none. */
int scan_utf8_len(const char *p, const char *end);
#if defined(__x86_64__) && defined(__GNUC__)
#define SCAN_X86 1
#define SCAN_AVX2 __attribute__((target("avx2,bmi,bmi2,popcnt")))
bool scan_utf8_avx2(const char *text, size_t len);
#endif

#endif

/*
 * Regular expressions of JSON Schema: ECMA-262 with the `u` flag, unanchored.
 *
 * A pattern is translated into the dialect of PCRE2 and compiled there (UTF,
 * JIT). The plain anchored ones, such as ^U\d{6}$, become a short list of
 * byte classes with counts instead, which costs a few nanoseconds a match.
 *
 * A compiled pattern is read-only and may be shared by threads; a pattern_room
 * belongs to one thread. The subject must be valid UTF-8.
 */
#ifndef ETL_JSON_PATTERN_H
#define ETL_JSON_PATTERN_H

#include "base/mem.h"

struct pattern;
struct pattern_room;

#define PATTERN_WHY 200

/* NULL with the reason in why, when the text is no ECMA-262 pattern. Free with pattern_free. */
struct pattern *pattern_new(const char *text, size_t n, char why[PATTERN_WHY]);
void pattern_free(struct pattern *p);
/* Only ask whether it is one (format "regex"). */
bool pattern_valid(const char *text, size_t n);

struct pattern_room *pattern_room_new(void);
void pattern_room_free(struct pattern_room *r);

/* GAVE_UP: the match went beyond its limit of steps, as ^(a+)+$ does on "aaaaaaaaaaaaaaaaaaaaaaaaaaaaab". */
enum pattern_result { PATTERN_NO, PATTERN_YES, PATTERN_GAVE_UP };
enum pattern_result pattern_match(const struct pattern *p, const char *s, size_t n, struct pattern_room *room);

/* pattern_ecma.c: the same expression in the dialect of PCRE2. False with *why (static text). */
bool pattern_translate(struct buf *out, const char *text, size_t n, const char **why);

/* pattern_plain.c: the list of byte classes. */
#define PLAIN_STEPS 16
struct plain {
    struct {
        uint64_t set[2]; /* which ASCII bytes */
        uint32_t min, max;
    } step[PLAIN_STEPS];
    uint32_t n;
    bool to_end; /* `$` stands at the end */
};
/* True when the pattern is plain enough to be matched without going back. */
bool pattern_plain_parse(struct plain *p, const char *text, size_t n);
bool pattern_plain_match(const struct plain *p, const char *s, size_t n);

#endif

/*
 * JSON scanner: one RFC 8259 text to a flat array of tokens, zero copy.
 *
 *   {"a":[1,"x"]}   ->   OBJ n=1 next=5
 *                        STR "a"
 *                        ARR n=2 next=5
 *                        NUM 1
 *                        STR "x"
 *
 * Token i of a container is followed by its children in order (for objects
 * key, value, key, value ...); `next` is the index after the whole subtree, so
 * skipping costs one step. Offsets are bytes from the start of the text and
 * leave out the quotes of strings. The text must outlive the tokens.
 *
 * Exactly the grammar of RFC 8259, with UTF-8 checked (no overlong forms, no
 * surrogates) and at most JSON_DEPTH levels. Lone surrogates written as \uD800
 * are grammatical and accepted. A byte order mark is not part of the text.
 */
#ifndef ETL_JSON_SCAN_H
#define ETL_JSON_SCAN_H

#include "base/err.h"
#include "base/mem.h"

#define JSON_DEPTH 512

enum jtype { JT_NULL, JT_FALSE, JT_TRUE, JT_NUM, JT_STR, JT_ARR, JT_OBJ };

#define JF_ESC 1  /* string: holds a backslash escape */
#define JF_INT 2  /* number: written without fraction and exponent */
#define JF_HIGH 4 /* string: holds bytes >= 0x80 */

struct jtok {
    uint32_t off;  /* first byte (of a string: after the quote; of a container: its bracket) */
    uint32_t len;  /* bytes (of a string: without quotes; of a container: with both brackets) */
    uint32_t next; /* index of the token after this value and everything in it */
    uint32_t n;    /* container: number of elements or members */
    uint8_t type;
    uint8_t flags;
};

#define JSON_COMMENTS 1 /* allow // and slash-star comments and trailing commas (definitions only) */

struct jtoks {
    struct jtok *t;
    size_t n, cap;
    struct scan_index *index; /* the scanner's own */
};

struct jerr {
    const char *what; /* static text: "expected ':' after the key" */
    size_t at;        /* byte offset in the text */
};

/* Append the tokens of one text (leading and trailing blanks allowed) to out; `next` and the
 * indices are relative to the first appended token. Returns true, or false with *je filled
 * and out->n as before. Needs len < 4 GiB. Safe from several threads with different `out`. */
bool json_scan(struct jtoks *out, const char *text, size_t len, int flags, struct jerr *je);
void jtoks_free(struct jtoks *t);

/* A scanned value to walk: text, its tokens, one index. */
struct jval {
    const char *text;
    const struct jtok *t; /* token array of this text */
    uint32_t i;
};
static inline const struct jtok *jv_tok(struct jval v) {
    return &v.t[v.i];
}
static inline enum jtype jv_type(struct jval v) {
    return (enum jtype)v.t[v.i].type;
}
static inline struct sv jv_raw(struct jval v) { /* bytes as written, strings without quotes */
    return (struct sv){v.text + v.t[v.i].off, v.t[v.i].len};
}
/* Last member of that name (as Python and JavaScript read duplicates); false when absent.
 * Escaped keys are compared by what they mean. */
bool jv_get(struct jval obj, struct sv key, struct jval *out);
/* Iterate: for (struct jval e; jv_each(v, &pos, &key, &e); ) with pos starting at 0; key is
 * meaningful for objects only (pass NULL for arrays). */
bool jv_each(struct jval v, uint32_t *pos, struct jval *key, struct jval *val);
/* String with its escapes resolved, appended to b (lone surrogates become U+FFFD). */
void jv_unescape(struct jval v, struct buf *b);
/* Decoded string in the arena, NUL-terminated; *n (may be NULL) gets its length. */
char *jv_str(struct jval v, struct arena *a, size_t *n);
/* Number as double (nearest); NAN for other types. */
double jv_num(struct jval v);
/* Integer that fits: true; 1.0 and 1e3 count as integers; false otherwise. */
bool jv_int(struct jval v, int64_t *out);

/* Append the value as written. Strings get their quotes back. */
void json_copy(struct buf *b, struct jval v);
/* Line and column (both from 1, column in code points) of a byte offset. */
void json_line_col(const char *text, size_t len, size_t at, size_t *line, size_t *col);

#endif

/*
 * See scan_fast.h: the walk from quote to quote, and the choice of the way.
 *
 * No step asks whether the text ends: the last byte is the bracket that closes everything, and nothing passes over a
 * bracket but its own step, which asks. A string ends where the index says; that the walk and the index agree on which
 * quote is the next one follows from the walk passing over no quote outside of strings.
 */
#include "json/scan_fast.h"

struct walk {
    const char *s;
    const struct scan_index *x;
    struct jtok *base; /* first token of this text; moves when the array grows */
    struct jtoks *out;
    size_t first; /* its index */
};

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Most often there is nothing, or one space. */
#define SKIP_BLANK(p)                                                                                                  \
    do {                                                                                                               \
        p += *p == ' ';                                                                                                \
        if (__builtin_expect((unsigned char)*p <= ' ', 0))                                                             \
            while (is_blank(*p)) p++;                                                                                  \
    } while (0)

/* Does what most writers put between two strings stand around p, which is behind the first one? Four bytes at once. */
#define IS_GLUE(p, glue) (last - (p) >= 2 && memcmp((p)-1, glue, 4) == 0)

static bool any_bit(const uint64_t *map, uint32_t from, uint32_t to) { /* from <= to */
    uint32_t a = from / 64, b = to / 64;
    uint64_t head = ~(uint64_t)0 << (from % 64), tail = ~(~(uint64_t)0 << (to % 64));
    if (a == b) return map[a] & head & tail;
    uint64_t x = map[a] & head;
    while (++a < b) x |= map[a];
    return x | (map[b] & tail);
}

static uint8_t string_flags(const struct scan_index *x, uint32_t from, uint32_t to) {
    return (uint8_t)((any_bit(x->slash, from, to) ? JF_ESC : 0) | (any_bit(x->high, from, to) ? JF_HIGH : 0));
}

#define DIGIT ((unsigned)(*p - '0') < 10u)

/* The end of the number at p, NULL when it is none. */
static inline const char *number_end(const char *p, uint8_t *flags) {
    *flags = JF_INT;
    p += *p == '-';
    if (*p == '0')
        p++;
    else if (DIGIT)
        while (DIGIT) p++;
    else
        return NULL;
    if (*p == '.') {
        *flags = 0;
        p++;
        if (!DIGIT) return NULL;
        while (DIGIT) p++;
    }
    if (*p == 'e' || *p == 'E') {
        *flags = 0;
        p++;
        p += *p == '+' || *p == '-';
        if (!DIGIT) return NULL;
        while (DIGIT) p++;
    }
    return p;
}
#undef DIGIT

/* Length of the word at p, 0 when it is none. left: bytes from p to the last one of the text, which is a bracket. */
static inline uint32_t word_at(const char *p, size_t left, uint8_t *type) {
    if (left < 4) return 0;
    if (memcmp(p, "true", 4) == 0) return *type = JT_TRUE, 4;
    if (memcmp(p, "null", 4) == 0) return *type = JT_NULL, 4;
    if (left >= 5 && memcmp(p, "false", 5) == 0) return *type = JT_FALSE, 5;
    return 0;
}

static void grow(struct walk *w, struct jtok **t, const struct jtok **full) {
    struct jtoks *o = w->out;
    size_t n = (size_t)(*t - o->t);
    o->cap = o->cap ? o->cap * 2 : 256;
    o->t = mem_grow(o->t, o->cap * sizeof *o->t);
    w->base = o->t + w->first;
    *t = o->t + n;
    *full = o->t + o->cap - 2;
}

/* One text from its first bracket to its last. A member or element writes two tokens at most before it asks for room.
 */
static bool walk(struct walk *w, const char *p, const char *last) {
    const char *s = w->s;
    const uint32_t *q = w->x->quote;
    struct jtok *t = w->base;
    const struct jtok *full = w->out->t + w->out->cap - 2;
    uint32_t stack[JSON_DEPTH], count = 0, n = 0; /* n: tokens so far */
    int depth = 0;
    bool obj, marked = (w->x->any_slash | w->x->any_high) != 0;
#define TOKEN(Off, Len, Type, Flags)                                                                                   \
    do {                                                                                                               \
        *t = (struct jtok){(uint32_t)(Off), (uint32_t)(Len), ++n, 0, (uint8_t)(Type), Flags};                          \
        t++;                                                                                                           \
    } while (0)
#define STRING()                                                                                                       \
    do {                                                                                                               \
        TOKEN(q[0] + 1, q[1] - q[0] - 1, JT_STR, marked ? string_flags(w->x, q[0] + 1, q[1]) : 0);                     \
        p = s + q[1] + 1;                                                                                              \
        q += 2;                                                                                                        \
    } while (0)

open:
    if (depth == JSON_DEPTH) return false;
    if (depth) w->base[stack[depth - 1]].n = count;
    stack[depth++] = n;
    count = 0;
    obj = *p == '{';
    TOKEN(p - s, 0, obj ? JT_OBJ : JT_ARR, 0);
    p++;
    SKIP_BLANK(p);
    if (*p == (obj ? '}' : ']')) goto close;
next: /* a member or an element */
    if (__builtin_expect(t >= full, 0)) grow(w, &t, &full);
    count++;
    if (obj) {
        if (*p != '"') return false;
        STRING();
        if (IS_GLUE(p, "\": \"")) goto string; /* the index knows where */
        SKIP_BLANK(p);
        if (*p != ':') return false;
        p++;
        SKIP_BLANK(p);
    }
    if (*p == '"') {
    string:
        STRING();
        if (IS_GLUE(p, "\", \"")) {
            p += 2;
            goto next;
        }
    } else if (*p == '-' || (unsigned)(*p - '0') < 10u) {
        uint8_t flags;
        const char *end = number_end(p, &flags);
        if (!end) return false;
        TOKEN(p - s, end - p, JT_NUM, flags);
        p = end;
    } else if (*p == '{' || *p == '[') {
        goto open;
    } else {
        uint8_t type = 0;
        uint32_t len = word_at(p, (size_t)(last - p), &type);
        if (!len) return false;
        TOKEN(p - s, len, type, 0);
        p += len;
    }
after:
    SKIP_BLANK(p);
    if (*p == ',') {
        p++;
        SKIP_BLANK(p);
        goto next;
    }
    if (*p != (obj ? '}' : ']')) return false;
close:;
    struct jtok *top = w->base + stack[--depth];
    top->n = count;
    top->len = (uint32_t)(p + 1 - s) - top->off;
    top->next = n;
    if (depth == 0) {
        if (p == last) w->out->n = w->first + n;
        return p == last;
    }
    if (p == last) return false;
    p++;
    top = w->base + stack[depth - 1];
    count = top->n;
    obj = top->type == JT_OBJ;
    goto after;
#undef TOKEN
#undef STRING
}

static void make_room(struct jtoks *t, size_t len) {
    size_t words = len / SCAN_BLOCK + 1;
    if (t->index && words <= t->index->words) return;
    words = words * 2 < 16 ? 16 : words * 2;
    size_t quotes = (words + 1) * SCAN_BLOCK; /* they are written eight at a time */
    free(t->index);
    struct scan_index *x = t->index =
        mem_grow(NULL, sizeof *x + 2 * words * sizeof *x->slash + quotes * sizeof *x->quote);
    x->words = words;
    x->slash = (uint64_t *)(x + 1);
    x->high = x->slash + words;
    x->quote = (uint32_t *)(x->high + words);
}

bool scan_fast(struct jtoks *out, const char *text, size_t len, const struct scan_way *way) {
    const char *p = text, *end = text + len;
    while (p < end && is_blank(*p)) p++;
    while (end > p && is_blank(end[-1])) end--;
    if (end - p < 2 || len > SCAN_FAST_MAX || (*p != '{' && *p != '[') || (end[-1] != '}' && end[-1] != ']'))
        return false;
    make_room(out, len);
    if (!way->index(out->index, text, (size_t)(end - text))) return false;
    if (out->index->any_high && !way->utf8(text, (size_t)(end - text))) return false;
    if (out->cap - out->n < 2) {
        out->cap = out->cap ? out->cap * 2 : 256;
        out->t = mem_grow(out->t, out->cap * sizeof *out->t);
    }
    struct walk w = {.s = text, .x = out->index, .base = out->t + out->n, .out = out, .first = out->n};
    return walk(&w, p, end - 1);
}

/* The best way there is, found by the first who asks; threads that ask at once find the same. */
static const struct scan_way *best_way(void) {
    static const struct scan_way *best;
    const struct scan_way *way = __atomic_load_n(&best, __ATOMIC_RELAXED);
    if (way) return way;
    for (size_t k = 0; scan_way(k); k++) way = scan_way(k);
    __atomic_store_n(&best, way, __ATOMIC_RELAXED);
    return way;
}

bool json_scan(struct jtoks *out, const char *text, size_t len, int flags, struct jerr *je) {
    if (!(flags & JSON_COMMENTS) && scan_fast(out, text, len, best_way())) return true;
    return scan_careful(out, text, len, flags, je);
}

void jtoks_free(struct jtoks *t) {
    free(t->index);
    free(t->t);
    *t = (struct jtoks){0};
}

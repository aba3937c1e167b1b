/*
 * Validating, from the inside.
 *
 * One walk in two modes. Without collecting it stops at the first broken rule
 * and allocates nothing once the scratch has grown to its size. Collecting
 * goes on and notes each broken rule as a struct breach: only indices, so that
 * the branches of an anyOf can be weighed and dropped at no cost. At the end
 * schema_fault.c turns the breaches that are left into words.
 *
 * Internal to lib/json/schema*.c.
 */
#ifndef ETL_JSON_SCHEMA_CHECK_H
#define ETL_JSON_SCHEMA_CHECK_H

#include "json/schema_node.h"

struct breach {
    const struct node *node;
    const struct op *op;
    uint32_t at;   /* token of the instance */
    uint32_t key;  /* token of a key: additionalProperties, propertyNames, dependencies; 0: none */
    uint32_t a, b; /* required, dependencies: gid; oneOf: the two branches that match; uniqueItems: the two elements */
    const struct node *within; /* propertyNames: what the key broke; anyOf, oneOf: the nearest branch, number a */
    const struct op *cause;
    uint32_t behind; /* anyOf, oneOf: so many breaches behind it are those of that branch */
    uint32_t fit;    /* anyOf, oneOf: of so many branches the value has the type */
};

/* Belongs to a run; freed by schema_run_free. */
struct scratch {
    uint32_t *stack; /* per open object, see schema_object.c */
    size_t n, cap;
    uint32_t root; /* in the stack: the object validated last; NONE: it was not laid out */
    struct breach *breaches;
    size_t nbreaches, cap_breaches;
    struct pattern_room *room;
    struct buf text;   /* a decoded string */
    struct buf text2;  /* ... and what its base64 holds */
    struct jtoks toks; /* contentMediaType */
    struct {
        uint64_t hash;
        uint32_t tok;
    } * items; /* uniqueItems */
    size_t cap_items;
};

enum give_up { GO_ON, TOO_DEEP, TOO_LONG, PATTERN_TOO_LONG };

struct checker {
    const struct schema *s;
    const char *text;
    const struct jtok *t;
    struct scratch *sc;
    uint32_t root;
    uint32_t near_end; /* from here on in the text, 16 bytes may be more than there are */
    uint32_t depth;    /* frames of schema_check_node */
    uint64_t steps, max_steps;
    bool collect;
    size_t limit; /* breaches to collect */
    enum give_up gave_up;
    struct breach last_straw; /* where it gave up */
};

/* One value of the instance while it is looked at. */
struct here {
    uint32_t i;
    uint32_t base; /* where in scratch.stack the object is laid out; NONE: not yet */
    uint8_t bit;   /* T_... */
};

static inline struct jval schema_check_val(const struct checker *c, uint32_t i) {
    return (struct jval){c->text, c->t, i};
}

static inline uint8_t schema_check_type(const struct checker *c, uint32_t i) {
    static const uint8_t bits[] = {T_NULL, T_BOOL, T_BOOL, T_NUM, T_STR, T_ARR, T_OBJ};
    const struct jtok *t = &c->t[i];
    if (t->type != JT_NUM) return bits[t->type];
    if (t->flags & JF_INT) return T_INT;
    struct number x;
    number_parse(&x, c->text + t->off, t->len);
    return number_is_int(&x) ? T_INT : T_NUM;
}

/* After a broken rule: is there no reason to look further? */
static inline bool schema_check_stop(const struct checker *c) {
    return !c->collect || c->gave_up || c->sc->nbreaches >= c->limit;
}

/* Does the value in h conform to the node? */
bool schema_check_node(struct checker *c, uint32_t node, struct here *h);
/* The same for another value of the instance. */
static inline bool schema_check_value(struct checker *c, uint32_t node, uint32_t i) {
    struct here h = {i, NONE, schema_check_type(c, i)};
    if (!(c->s->nodes[node].on & h.bit)) return true;
    size_t top = c->sc->n;
    bool ok = schema_check_node(c, node, &h);
    c->sc->n = top;
    return ok;
}
/* Without noting breaches. */
bool schema_check_quietly(struct checker *c, uint32_t node, struct here *h);
/* Note a breach when collecting; always false, so that `return schema_check_broken(...)` reads well. */
bool schema_check_broken(struct checker *c, const struct node *n, const struct op *op, struct breach x);
bool schema_check_give_up(struct checker *c, enum give_up why, const struct node *n, const struct op *op, uint32_t i);
/* The string at i with escapes resolved; good until the next call. */
struct sv schema_check_text(struct checker *c, uint32_t i);
/* The number of the string at i in a set, NONE when it is not in. */
uint32_t schema_check_find_any(struct checker *c, const struct strset *set, uint32_t i);
static inline uint32_t schema_check_find(struct checker *c, const struct strset *set, uint32_t i) {
    const struct jtok *t = &c->t[i];
    if (__builtin_expect(!(t->flags & JF_ESC) && t->off < c->near_end, 1))
        return schema_set_find16(set, c->text + t->off, t->len);
    return schema_check_find_any(c, set, i);
}
/* The integer at i as a number of the machine; false when it may not fit or is written otherwise. */
static inline bool schema_check_small_int(const struct checker *c, uint32_t i, int64_t *x) {
    const struct jtok *t = &c->t[i];
    if (!(t->flags & JF_INT) || t->len > 18) return false; /* 18 digits surely fit */
    const char *p = c->text + t->off, *end = p + t->len;
    bool neg = *p == '-';
    int64_t v = 0;
    for (p += neg; p < end; p++) v = v * 10 + (*p - '0');
    *x = neg ? -v : v;
    return true;
}
/* Does the string at i match? Gives up where PCRE2 does. */
bool schema_check_pattern(struct checker *c, const struct node *n, const struct op *op, const struct pattern *p,
                          uint32_t i);

typedef bool schema_check_fn(struct checker *c, const struct node *n, const struct op *op, struct here *h);
/* schema_scalar.c */
schema_check_fn schema_check_const, schema_check_multiple, schema_check_max, schema_check_exmax, schema_check_min,
    schema_check_exmin, schema_check_maxlen, schema_check_minlen, schema_check_pattern_op, schema_check_format,
    schema_check_encoding, schema_check_media;
/* schema_array.c */
schema_check_fn schema_check_items, schema_check_tuple, schema_check_more_items, schema_check_max_items,
    schema_check_min_items, schema_check_unique, schema_check_contains;
/* schema_object.c */
schema_check_fn schema_check_max_props, schema_check_min_props, schema_check_required, schema_check_props,
    schema_check_patprops, schema_check_more_props, schema_check_names, schema_check_deps;
/* schema_branch.c */
schema_check_fn schema_check_if, schema_check_all, schema_check_any, schema_check_one, schema_check_not;

/* schema_object.c: the same as the node the program was made of, when nothing is collected */
bool schema_check_flat(struct checker *c, const struct flat *f, struct here *h);
/* schema_object.c: token of the last key with that gid in the object h, 0 when it has none. */
uint32_t schema_check_member(struct checker *c, struct here *h, uint32_t gid);

/* schema_value.c: equal as JSON values: 1.0 is 1, the order of members does not matter, escapes are what they mean */
bool schema_value_equal(struct jval a, struct jval b);
uint64_t schema_value_hash(struct jval v);

/* schema_fault.c: words for the breaches, into r->faults */
void schema_fault_render(const struct checker *c, struct schema_run *r);

#endif

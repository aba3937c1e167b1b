/*
 * The compiled form of a schema: an array of nodes, one per subschema, each
 * with its keywords as a list of ops in the order of the text.
 *
 *   {"type": "string", "maxLength": 3}   ->   node: TYPE on ~string, MAXLEN on string 3
 *
 * op.on says for which types of the instance an op does anything, so a string
 * under {"type": "string"} meets no op at all. A node that is a $ref disappears:
 * whoever points to it is made to point to its target (schema_link.c).
 *
 * Every property name of the schema has a number (its gid). An object of the
 * instance is read once: for each gid the token of its last key, for each member
 * its gid; all nodes that look at the object share the result (schema_object.c).
 *
 * Internal to lib/json/schema*.c.
 */
#ifndef ETL_JSON_SCHEMA_NODE_H
#define ETL_JSON_SCHEMA_NODE_H

#include "json/format.h"
#include "json/number.h"
#include "json/pattern.h"
#include "json/schema.h"
#include "json/schema_set.h"

#define NONE UINT32_MAX

/* Types of an instance as bits; an integer is T_INT whatever way it is written. */
enum {
    T_NULL = 1,
    T_BOOL = 2,
    T_INT = 4,
    T_NUM = 8,
    T_STR = 16,
    T_ARR = 32,
    T_OBJ = 64,
    T_NUMBER = T_INT | T_NUM,
    T_ANY = 127
};

enum opcode {
    OP_NOTHING, /* a keyword that asserts nothing */
    OP_FALSE,
    OP_TYPE, /* `on` holds the types that are wrong */
    OP_CONST,
    OP_ENUM,
    OP_MULTIPLE,
    OP_MAX,
    OP_EXMAX,
    OP_MIN,
    OP_EXMIN,
    OP_MAXLEN,
    OP_MINLEN,
    OP_PATTERN,
    OP_FORMAT,
    OP_ENCODING,
    OP_MEDIA,
    OP_ITEMS,
    OP_TUPLE,
    OP_MOREITEMS,
    OP_MAXITEMS,
    OP_MINITEMS,
    OP_UNIQUE,
    OP_CONTAINS,
    OP_MAXPROPS,
    OP_MINPROPS,
    OP_REQUIRED,
    OP_PROPS,
    OP_PATPROPS,
    OP_MOREPROPS,
    OP_NAMES,
    OP_DEPS,
    OP_IF,
    OP_ALLOF,
    OP_ANYOF,
    OP_ONEOF,
    OP_NOT,
    OP_LOOP, /* stands where a $ref leads to itself */
    OP_COUNT
};

struct limit { /* MAX, EXMAX, MIN, EXMIN */
    struct number x;
    bool small; /* i is the whole truth */
    int64_t i;
};
struct multiple {
    struct divisor d;
    int64_t i; /* the divisor when it is a small integer, else 0 */
};
struct values { /* ENUM, CONST */
    struct strset strings;
    uint32_t nother, *other; /* tokens of the values that are no strings */
};
struct list { /* nodes of ALLOF and TUPLE, gids of REQUIRED */
    uint32_t n, *of;
};
/*
 * What a node asks of a value of one type when it asks one simple thing: most properties are a pattern, an enum or a
 * range. A value of that type that passes needs no look at the node; any other gets one.
 */
struct leaf {
    uint8_t on;  /* the node's */
    uint8_t bit; /* the type; 0: no such thing */
    enum { LEAF_STRINGS, LEAF_PATTERN, LEAF_RANGE } kind;
    union {
        const struct strset *strings;
        const struct pattern *pattern;
        struct {
            int64_t min, max;
        };
    };
};
struct props {
    uint32_t n;
    struct prop {
        uint32_t gid, node;
        struct leaf leaf;
    } * of;
};
/*
 * What a node asks of an object, as one list: when it is all `properties` and `required`, its own and those of the
 * nodes in its allOf. For saying yes or no; what is wrong is told by the nodes.
 */
struct flat {
    uint32_t nrequired, *required; /* gids */
    uint32_t n;
    struct prop *of;
    uint32_t nodes; /* how many are in it, besides the first */
};
struct patprops {
    uint32_t n;
    struct patprop {
        const struct pattern *pattern;
        uint32_t node;
    } * of;
};
struct moreprops {
    uint32_t node;
    bool closed;           /* the schema is `false` */
    const uint64_t *known; /* gids of `properties`, one bit each */
    const struct props *props;
    const struct patprops *patterns; /* NULL: none */
};
struct deps {
    uint32_t n;
    struct dep {
        uint32_t gid, node; /* node NONE: needs the properties in list */
        struct list needs;
    } * of;
};
struct condition {
    uint32_t test, then, other; /* NONE where absent */
};
/* Tells the branches apart by one property; bit k stands for branch k (schema_pick.c). */
struct picker {
    uint32_t gid;
    struct strset strings; /* value: index into masks */
    uint64_t *masks;
    uint64_t rest; /* branches that do not mind the property */
};
struct branches { /* ANYOF, ONEOF */
    struct list list;
    const struct picker *pick; /* NULL: none */
};

struct op {
    uint8_t code;
    uint8_t on;
    uint32_t tok; /* the keyword's value in the text of the node's document */
    union {
        uint64_t n;    /* lengths and counts */
        uint32_t node; /* ITEMS, CONTAINS, NAMES, NOT */
        struct limit *limit;
        struct multiple *multiple;
        struct values *values;
        const struct pattern *pattern;
        format_fn *format;
        bool decode; /* MEDIA: base64 first */
        struct list *list;
        struct {
            uint32_t node, from;
        } more; /* MOREITEMS */
        struct props *props;
        struct patprops *patprops;
        struct moreprops *moreprops;
        struct deps *deps;
        struct condition *condition;
        struct branches *branches;
    };
};

struct node {
    struct op *ops;
    uint32_t nops;
    uint8_t on;              /* all ops' `on` together */
    uint32_t doc;            /* index of the document */
    uint32_t tok;            /* the subschema in it */
    const struct flat *flat; /* NULL: none */
    uint32_t ref;            /* while compiling: the node a $ref leads to; NONE for others */
};

struct doc {          /* one schema document */
    const char *name; /* for messages */
    const char *uri;  /* where it was found; "" for the one given to schema_compile */
    char *text;
    size_t len;
    struct jtoks toks;
    const char **base; /* per token: the base URI of the subschema there; NULL where none was seen */
    uint32_t *node;    /* per token: index of its node + 1, 0 when not compiled */
    const char *draft; /* what $schema says, when that is not draft-07: "2019-09"; else NULL */
    uint8_t modern;    /* 1 since 2019-09, 2 since 2020-12: knows keywords that draft-07 does not */
};

struct schema {
    struct arena a;
    struct node *nodes;
    uint32_t nnodes, cap_nodes;
    struct doc **docs;
    uint32_t ndocs;
    struct strset names; /* property names; value: gid */
    struct sv *name;     /* by gid */
    uint32_t nnames, cap_names;
    struct pattern **patterns;
    uint32_t npatterns;
    uint32_t root;
    int flags;
};

static inline struct jval schema_doc_val(const struct doc *d, uint32_t tok) {
    return (struct jval){d->text, d->toks.t, tok};
}

#endif

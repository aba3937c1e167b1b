/*
 * Compiling a schema, in this order:
 *
 *   1. schema_ref.c    reads documents; notes every $id with its place
 *   2. schema_build.c  makes a node of each subschema; a $ref is put on a list
 *   3. schema_ref.c    finds what the listed $refs lead to, and 2. again for it
 *   4. schema_link.c   takes $ref nodes out, makes bit sets, pickers and, by schema_flat.c, programs
 *
 * A mistake in a schema does not stop the work: it is noted (schema_build_complain)
 * and all of them are told at the end in one message.
 *
 * Internal to lib/json/schema*.c.
 */
#ifndef ETL_JSON_SCHEMA_BUILD_H
#define ETL_JSON_SCHEMA_BUILD_H

#include "json/schema_node.h"

struct complaint {
    uint32_t doc;
    size_t at; /* byte offset */
    char *text;
};

struct build {
    struct schema *s;
    struct arena tmp;     /* gone after compiling */
    const char *dir;      /* NULL: no other documents */
    struct strset places; /* URI, or URI#anchor: index into place */
    struct place {
        uint32_t doc, tok;
    } * place;
    uint32_t nplaces, cap_places;
    struct pending {
        uint32_t node, doc, tok; /* tok: the string of the $ref */
    } * pending;
    size_t npending, cap_pending;
    struct found { /* documents of dir by the $id at their root */
        const char *id, *path;
    } * found;
    size_t nfound, cap_found;
    bool searched;
    struct complaint *complaints;
    size_t ncomplaints, cap_complaints;
};

/* The ops of one node while they are collected. */
struct making {
    struct build *b;
    uint32_t doc;
    struct jval schema; /* the object */
    struct op *ops;
    uint32_t nops, cap;
};

/* What the value of a keyword has to be. */
enum shape {
    SHAPE_ANY, /* never looked at: const, default, enum's values */
    SHAPE_SCHEMA,
    SHAPE_SCHEMAS,      /* a non-empty array of them */
    SHAPE_ITEMS,        /* a schema or an array of them */
    SHAPE_MAP,          /* an object of schemas */
    SHAPE_DEPENDENCIES, /* an object of schemas and arrays of names */
    SHAPE_NUMBER,
    SHAPE_POSITIVE,
    SHAPE_COUNT,
    SHAPE_STRING,
    SHAPE_STRINGS,
    SHAPE_BOOL,
    SHAPE_ARRAY,
    SHAPE_TYPE
};

struct keyword {
    const char *name;
    uint8_t shape;
    uint8_t code;
    uint8_t on;
    uint8_t modern; /* unknown to draft-07: known since 2019-09 (1), 2020-12 (2) */
    /* Fill op (code, on and tok are set); false: there is nothing to check, drop it. NULL: never an op. */
    bool (*make)(struct making *m, struct op *op, struct jval v);
};

/* schema_keyword.c */
const struct keyword *schema_keyword_find(const struct doc *d, struct jval key);
const char *schema_keyword_name(enum opcode code);
/* True when v has the shape; otherwise complains. The subschemas in it are not looked at. */
bool schema_keyword_check_shape(struct build *b, uint32_t doc, const struct keyword *k, struct jval v);
bool schema_is_schema(struct jval v);
/* A complaint when the key is a keyword of the version that the document declares and would not be checked. */
void schema_keyword_check_foreign(struct build *b, uint32_t doc, struct jval key, struct jval v);
uint32_t schema_type_bit(struct sv name); /* T_... of "string", 0 if there is none */

/* schema_build.c */
uint32_t schema_build_node(struct build *b, uint32_t doc, uint32_t tok);
uint32_t schema_build_gid(struct build *b, struct jval string);
void schema_build_complain(struct build *b, uint32_t doc, struct jval at, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void schema_build_complain_at(struct build *b, uint32_t doc, size_t at, const char *text);
int schema_build_report(struct build *b, struct err *e); /* 0 when there are no complaints */

/* schema_pointer.c: append the way from one token down to another inside it. */
void schema_pointer_add(struct buf *b, struct jval root, uint32_t target);

/* schema_make.c: the functions of the keyword table */
typedef bool schema_make_fn(struct making *m, struct op *op, struct jval v);
schema_make_fn schema_make_type, schema_make_const, schema_make_enum, schema_make_multiple, schema_make_limit,
    schema_make_count, schema_make_pattern, schema_make_format, schema_make_encoding, schema_make_media,
    schema_make_items, schema_make_prefix_items, schema_make_more_items, schema_make_unique, schema_make_schema,
    schema_make_required, schema_make_props, schema_make_patprops, schema_make_more_props, schema_make_deps,
    schema_make_if, schema_make_branches, schema_make_all, schema_make_part, schema_make_map;

/* schema_ref.c */
int schema_ref_add_main(struct build *b, const char *name, const char *text, size_t len, struct err *e);
void schema_ref_resolve_all(struct build *b);
void schema_ref_index(struct build *b, uint32_t doc, uint32_t tok, const char *base);

/* schema_dir.c: documents of the schema directory and the built-in one */
/* Text of the document at uri (to be freed) and, in the arena, a name for messages; NULL when there is none.
 * looked gets a sentence part about where it was looked for. */
char *schema_dir_load(struct build *b, const char *uri, size_t *len, const char **name, struct buf *looked);

/* schema_link.c, schema_flat.c, schema_pick.c */
void schema_link_nodes(struct build *b);
void schema_flat_build(struct schema *s);
const struct picker *schema_pick_build(struct schema *s, const struct list *branches);

extern const char schema_meta_text[]; /* schema_meta.c */
#define SCHEMA_META_URI "http://json-schema.org/draft-07/schema"

#endif

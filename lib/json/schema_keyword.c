/* See schema_build.h: the table of keywords and the check that their values have the right shape. */
#include "json/schema_build.h"

static const struct keyword keywords[] = {
    {"$anchor", SHAPE_STRING, 0, 0, 1, NULL},
    {"$comment", SHAPE_STRING, 0, 0, 0, NULL},
    {"$defs", SHAPE_MAP, 0, 0, 1, schema_make_map},
    {"$id", SHAPE_STRING, 0, 0, 0, NULL},
    {"$ref", SHAPE_STRING, 0, 0, 0, NULL},
    {"$schema", SHAPE_STRING, 0, 0, 0, NULL},
    {"additionalItems", SHAPE_SCHEMA, OP_MOREITEMS, T_ARR, 0, schema_make_more_items},
    {"additionalProperties", SHAPE_SCHEMA, OP_MOREPROPS, T_OBJ, 0, schema_make_more_props},
    {"allOf", SHAPE_SCHEMAS, OP_ALLOF, T_ANY, 0, schema_make_all},
    {"anyOf", SHAPE_SCHEMAS, OP_ANYOF, T_ANY, 0, schema_make_branches},
    {"const", SHAPE_ANY, OP_CONST, T_ANY, 0, schema_make_const},
    {"contains", SHAPE_SCHEMA, OP_CONTAINS, T_ARR, 0, schema_make_schema},
    {"contentEncoding", SHAPE_STRING, OP_ENCODING, T_STR, 0, schema_make_encoding},
    {"contentMediaType", SHAPE_STRING, OP_MEDIA, T_STR, 0, schema_make_media},
    {"default", SHAPE_ANY, 0, 0, 0, NULL},
    {"definitions", SHAPE_MAP, 0, 0, 0, schema_make_map},
    {"dependencies", SHAPE_DEPENDENCIES, OP_DEPS, T_OBJ, 0, schema_make_deps},
    {"dependentRequired", SHAPE_DEPENDENCIES, OP_DEPS, T_OBJ, 1, schema_make_deps},
    {"dependentSchemas", SHAPE_DEPENDENCIES, OP_DEPS, T_OBJ, 1, schema_make_deps},
    {"description", SHAPE_STRING, 0, 0, 0, NULL},
    {"else", SHAPE_SCHEMA, 0, 0, 0, schema_make_part},
    {"enum", SHAPE_ARRAY, OP_ENUM, T_ANY, 0, schema_make_enum},
    {"examples", SHAPE_ARRAY, 0, 0, 0, NULL},
    {"exclusiveMaximum", SHAPE_NUMBER, OP_EXMAX, T_NUMBER, 0, schema_make_limit},
    {"exclusiveMinimum", SHAPE_NUMBER, OP_EXMIN, T_NUMBER, 0, schema_make_limit},
    {"format", SHAPE_STRING, OP_FORMAT, T_STR, 0, schema_make_format},
    {"if", SHAPE_SCHEMA, OP_IF, T_ANY, 0, schema_make_if},
    {"items", SHAPE_ITEMS, OP_ITEMS, T_ARR, 0, schema_make_items},
    {"maxItems", SHAPE_COUNT, OP_MAXITEMS, T_ARR, 0, schema_make_count},
    {"maxLength", SHAPE_COUNT, OP_MAXLEN, T_STR, 0, schema_make_count},
    {"maxProperties", SHAPE_COUNT, OP_MAXPROPS, T_OBJ, 0, schema_make_count},
    {"maximum", SHAPE_NUMBER, OP_MAX, T_NUMBER, 0, schema_make_limit},
    {"minItems", SHAPE_COUNT, OP_MINITEMS, T_ARR, 0, schema_make_count},
    {"minLength", SHAPE_COUNT, OP_MINLEN, T_STR, 0, schema_make_count},
    {"minProperties", SHAPE_COUNT, OP_MINPROPS, T_OBJ, 0, schema_make_count},
    {"minimum", SHAPE_NUMBER, OP_MIN, T_NUMBER, 0, schema_make_limit},
    {"multipleOf", SHAPE_POSITIVE, OP_MULTIPLE, T_NUMBER, 0, schema_make_multiple},
    {"not", SHAPE_SCHEMA, OP_NOT, T_ANY, 0, schema_make_schema},
    {"oneOf", SHAPE_SCHEMAS, OP_ONEOF, T_ANY, 0, schema_make_branches},
    {"pattern", SHAPE_STRING, OP_PATTERN, T_STR, 0, schema_make_pattern},
    {"patternProperties", SHAPE_MAP, OP_PATPROPS, T_OBJ, 0, schema_make_patprops},
    {"prefixItems", SHAPE_SCHEMAS, OP_TUPLE, T_ARR, 2, schema_make_prefix_items},
    {"properties", SHAPE_MAP, OP_PROPS, T_OBJ, 0, schema_make_props},
    {"propertyNames", SHAPE_SCHEMA, OP_NAMES, T_OBJ, 0, schema_make_schema},
    {"readOnly", SHAPE_BOOL, 0, 0, 0, NULL},
    {"required", SHAPE_STRINGS, OP_REQUIRED, T_OBJ, 0, schema_make_required},
    {"then", SHAPE_SCHEMA, 0, 0, 0, schema_make_part},
    {"title", SHAPE_STRING, 0, 0, 0, NULL},
    {"type", SHAPE_TYPE, OP_TYPE, T_ANY, 0, schema_make_type},
    {"uniqueItems", SHAPE_BOOL, OP_UNIQUE, T_ARR, 0, schema_make_unique},
    {"writeOnly", SHAPE_BOOL, 0, 0, 0, NULL},
};

const struct keyword *schema_keyword_find(const struct doc *d, struct jval key) {
    struct sv name = jv_raw(key);
    char plain[32];
    struct buf b = {0};
    if (jv_tok(key)->flags & JF_ESC) { /* nobody writes "\u0074ype", but it means type */
        jv_unescape(key, &b);
        if (b.n >= sizeof plain) b.n = 0;
        memcpy(plain, buf_text(&b), b.n);
        name = (struct sv){plain, b.n};
        buf_free(&b);
    }
    for (size_t k = 0; k < sizeof keywords / sizeof *keywords; k++)
        if (sv_is(name, keywords[k].name)) return keywords[k].modern > d->modern ? NULL : &keywords[k];
    return NULL;
}

/* Of those that share an op the first: it has the name that draft-07 knows. */
const char *schema_keyword_name(enum opcode code) {
    if (code == OP_LOOP) return "$ref";
    if (code == OP_FALSE) return "false";
    for (size_t k = 0; k < sizeof keywords / sizeof *keywords; k++)
        if (keywords[k].code == code) return keywords[k].name;
    return "";
}

/* What later (and earlier) versions ask with keywords that draft-07 does not have. To pass over them in silence would
 * take records for valid that are not. */
void schema_keyword_check_foreign(struct build *b, uint32_t doc, struct jval key, struct jval v) {
    static const struct {
        const char *name;
        bool early; /* of draft-04 and before, else of 2019-09 and after */
    } foreign[] = {{"$dynamicRef", false},          {"$recursiveRef", false}, {"id", true},
                   {"maxContains", false},          {"minContains", false},   {"unevaluatedItems", false},
                   {"unevaluatedProperties", false}};
    const struct doc *d = b->s->docs[doc];
    for (size_t k = 0; d->draft && k < sizeof foreign / sizeof *foreign; k++) {
        if (!sv_is(jv_raw(key), foreign[k].name) || foreign[k].early != !d->modern) continue;
        if (foreign[k].early && jv_type(v) != JT_STR) continue;
        schema_build_complain(b, doc, key,
                              "\"%s\" is a keyword of JSON Schema %s, which \"$schema\" names; etl checks draft-07, "
                              "where it means nothing",
                              foreign[k].name, d->draft);
    }
}

bool schema_is_schema(struct jval v) {
    enum jtype t = jv_type(v);
    return t == JT_OBJ || t == JT_TRUE || t == JT_FALSE;
}

uint32_t schema_type_bit(struct sv name) {
    static const struct {
        const char *name;
        uint32_t bit;
    } types[] = {{"array", T_ARR},     {"boolean", T_BOOL}, {"integer", T_INT}, {"null", T_NULL},
                 {"number", T_NUMBER}, {"object", T_OBJ},   {"string", T_STR}};
    for (size_t k = 0; k < sizeof types / sizeof *types; k++)
        if (sv_is(name, types[k].name)) return types[k].bit;
    return 0;
}

static bool is_count(struct jval v) {
    if (jv_type(v) != JT_NUM) return false;
    struct number x;
    number_parse(&x, jv_raw(v).p, jv_raw(v).n);
    return !x.neg && number_is_int(&x);
}

static bool is_positive(struct jval v) {
    if (jv_type(v) != JT_NUM) return false;
    struct number x;
    number_parse(&x, jv_raw(v).p, jv_raw(v).n);
    return x.digits > 0 && !x.neg;
}

static bool is_type_name(struct jval v) {
    return jv_type(v) == JT_STR && schema_type_bit(jv_raw(v)) != 0;
}

/* An array all of whose elements pass. */
static bool each_is(struct jval v, bool (*is)(struct jval), uint32_t least) {
    if (jv_type(v) != JT_ARR || jv_tok(v)->n < least) return false;
    uint32_t pos = 0;
    for (struct jval e; jv_each(v, &pos, NULL, &e);)
        if (!is(e)) return false;
    return true;
}

static bool is_string(struct jval v) {
    return jv_type(v) == JT_STR;
}

static bool has_shape(enum shape shape, struct jval v) {
    enum jtype t = jv_type(v);
    switch (shape) {
    case SHAPE_ANY:
        return true;
    case SHAPE_SCHEMA:
        return schema_is_schema(v);
    case SHAPE_SCHEMAS:
        return t == JT_ARR && jv_tok(v)->n > 0;
    case SHAPE_ITEMS:
        return t == JT_ARR || schema_is_schema(v);
    case SHAPE_MAP:
    case SHAPE_DEPENDENCIES:
        return t == JT_OBJ;
    case SHAPE_NUMBER:
        return t == JT_NUM;
    case SHAPE_POSITIVE:
        return is_positive(v);
    case SHAPE_COUNT:
        return is_count(v);
    case SHAPE_STRING:
        return t == JT_STR;
    case SHAPE_STRINGS:
        return each_is(v, is_string, 0);
    case SHAPE_BOOL:
        return t == JT_TRUE || t == JT_FALSE;
    case SHAPE_ARRAY:
        return t == JT_ARR;
    case SHAPE_TYPE:
        return is_type_name(v) || each_is(v, is_type_name, 1);
    }
    return false;
}

bool schema_keyword_check_shape(struct build *b, uint32_t doc, const struct keyword *k, struct jval v) {
    static const char *const wanted[] = {
        [SHAPE_ANY] = "anything",
        [SHAPE_SCHEMA] = "a schema (an object, true or false)",
        [SHAPE_SCHEMAS] = "an array with at least one schema",
        [SHAPE_ITEMS] = "a schema or an array of schemas",
        [SHAPE_MAP] = "an object of schemas",
        [SHAPE_DEPENDENCIES] = "an object of schemas or arrays of property names",
        [SHAPE_NUMBER] = "a number",
        [SHAPE_POSITIVE] = "a number greater than 0",
        [SHAPE_COUNT] = "an integer of at least 0",
        [SHAPE_STRING] = "a string",
        [SHAPE_STRINGS] = "an array of strings",
        [SHAPE_BOOL] = "true or false",
        [SHAPE_ARRAY] = "an array",
        [SHAPE_TYPE] =
            "\"array\", \"boolean\", \"integer\", \"null\", \"number\", \"object\", \"string\" or an array of these",
    };
    if (has_shape(k->shape, v)) return true;
    struct buf found = {0};
    json_copy(&found, v);
    bool cut = found.n > 40;
    size_t n = cut ? 37 : found.n;
    while (cut && n && ((unsigned char)found.p[n] & 0xC0) == 0x80) n--;
    schema_build_complain(b, doc, v, "\"%s\" must be %s, found %.*s%s", k->name, wanted[k->shape], (int)n,
                          buf_text(&found), cut ? "..." : "");
    buf_free(&found);
    return false;
}

/* See schema_words.h. */
#include "json/schema_words.h"

#include "base/near.h"

#define LIST_MAX 240 /* bytes of an enum, of the known keys or of a pattern that are told */
#define KEYS_MAX 120 /* bytes of an object's keys */
#define HINT_MIN 3   /* letters of a word that may have been misspelt */
#define HINT_MAX 60

/* ---- values ---- */

/* At most max bytes; line breaks and tabs, which only stand between values, become one blank with what follows them. */
static bool add_folded(struct buf *b, struct sv s, size_t max) {
    size_t from = b->n, i = 0;
    while (i < s.n && b->n - from < max) {
        if (s.p[i] != '\n' && s.p[i] != '\r' && s.p[i] != '\t') {
            buf_chr(b, s.p[i++]);
            continue;
        }
        while (i < s.n && strchr(" \n\r\t", s.p[i])) i++;
        buf_chr(b, ' ');
    }
    return i == s.n;
}

/* Leave out what hangs over from `to` on, on a character boundary. */
static void cut_at(struct buf *b, size_t to) {
    while (to && ((unsigned char)b->p[to] & 0xC0) == 0x80) to--;
    b->n = to;
    b->p[to] = 0;
}

void schema_words_value(struct buf *b, struct jval v, size_t max) {
    size_t from = b->n;
    bool string = jv_type(v) == JT_STR;
    if (string) buf_chr(b, '"');
    bool whole = add_folded(b, jv_raw(v), max + 1);
    if (string && whole) buf_chr(b, '"');
    if (whole && b->n - from <= max) return;
    cut_at(b, from + max - 3);
    buf_str(b, "...");
}

static void add_value(struct buf *b, struct jval v, size_t max) {
    schema_words_value(b, v, max);
}

/* " (did you mean ...?)" when a string of the list is near the one found */
static void add_hint(struct buf *b, struct jval list, struct jval found) {
    struct arena a = {0};
    if (jv_type(found) != JT_STR || jv_tok(found)->len < HINT_MIN || jv_tok(found)->len > HINT_MAX) return;
    struct near near = near_start(jv_str(found, &a, NULL));
    uint32_t pos = 0;
    for (struct jval e; jv_each(list, &pos, NULL, &e);)
        if (jv_type(e) == JT_STR) near_offer(&near, jv_str(e, &a, NULL));
    if (near.distance > 0) buf_str(b, near_hint(&near, &a)); /* 0: of what must not be */
    arena_free(&a);
}

static void add_enum(struct buf *b, struct jval list, struct jval found) {
    uint32_t pos = 0, told = 0;
    size_t start = b->n;
    buf_str(b, jv_tok(list)->n > 1 ? "one of " : "");
    for (struct jval e; jv_each(list, &pos, NULL, &e); told++) {
        if (told && b->n - start > LIST_MAX) {
            buf_fmt(b, " or %u more", jv_tok(list)->n - told);
            break;
        }
        if (told) buf_str(b, ", ");
        add_value(b, e, FOUND_MAX);
    }
    if (!told) buf_str(b, "nothing: the enum is empty");
    add_hint(b, list, found);
}

static void add_name(struct buf *b, const struct schema *s, uint32_t gid) {
    json_quote(b, s->name[gid]);
}

/* A declared property that the unexpected key may have been meant for and that the object lacks. */
static void add_known_hint(struct buf *b, const struct schema *s, const struct moreprops *more, struct jval object,
                           struct jval key) {
    struct arena a = {0};
    struct jval v;
    if (!more->props || jv_tok(key)->len < HINT_MIN || jv_tok(key)->len > HINT_MAX) return;
    struct near near = near_start(jv_str(key, &a, NULL));
    for (uint32_t k = 0; k < more->props->n; k++) {
        struct sv name = s->name[more->props->of[k].gid];
        if (!jv_get(object, name, &v)) near_offer(&near, name.p);
    }
    buf_str(b, near_hint(&near, &a));
    arena_free(&a);
}

static void add_known(struct buf *b, const struct schema *s, const struct moreprops *more) {
    uint32_t n = more->props ? more->props->n : 0;
    size_t start = b->n;
    buf_str(b, n || more->patterns ? "no property but " : "no property at all");
    for (uint32_t k = 0; k < n; k++) {
        if (k) buf_str(b, ", ");
        if (k && b->n - start > LIST_MAX) {
            buf_fmt(b, "%u more", n - k);
            break;
        }
        add_name(b, s, more->props->of[k].gid);
    }
    if (more->patterns)
        buf_str(b, n ? " and those that match patternProperties" : "those that match patternProperties");
}

void schema_words_add_types(struct buf *b, unsigned wrong) {
    static const struct {
        uint8_t bit;
        const char *name;
    } types[] = {{T_STR, "a string"},  {T_NUMBER, "a number"}, {T_INT, "an integer"}, {T_BOOL, "true or false"},
                 {T_OBJ, "an object"}, {T_ARR, "an array"},    {T_NULL, "null"}};
    unsigned allowed = T_ANY & ~wrong, told = 0;
    for (size_t k = 0; k < sizeof types / sizeof *types; k++) {
        if ((allowed & types[k].bit) != types[k].bit) continue;
        if (told) buf_str(b, " or ");
        buf_str(b, types[k].name);
        told |= types[k].bit;
        allowed &= ~(unsigned)types[k].bit; /* an integer is not told beside a number */
    }
}

static void add_count(struct buf *b, const char *how, uint64_t n, const char *one, const char *many) {
    buf_fmt(b, "%s %llu %s", how, (unsigned long long)n, n == 1 ? one : many);
}

/* ---- what was expected ---- */

/* "#/definitions/click", or the title where the branch stands in its place */
static void add_branch_name(struct buf *b, const struct checker *c, const struct node *n) {
    struct jval schema = schema_doc_val(c->s->docs[n->doc], n->tok), title;
    if (jv_type(schema) == JT_OBJ && jv_get(schema, SV("title"), &title) && jv_type(title) == JT_STR) {
        buf_str(b, ", ");
        add_value(b, title, FOUND_MAX);
    }
}

static void add_branches(struct buf *b, const struct checker *c, const struct breach *x) {
    uint32_t n = x->op->branches->list.n;
    buf_fmt(b, "a match of %s of %u alternative%s", x->op->code == OP_ANYOF ? "at least one" : "exactly one", n,
            n == 1 ? "" : "s");
    if (x->op->code == OP_ONEOF && x->b) {
        buf_fmt(b, ", not of number %u and number %u", x->a, x->b);
    } else if (x->within && n > 1) {
        buf_fmt(b, " (the nearest is number %u", x->a);
        add_branch_name(b, c, x->within);
        buf_chr(b, ')');
    }
}

static uint32_t index_of(struct jval array, uint32_t tok) {
    uint32_t pos = 0, k = 0;
    for (struct jval e; jv_each(array, &pos, NULL, &e) && e.i != tok;) k++;
    return k;
}

static void add_sentence(struct buf *b, const struct checker *c, const struct breach *x);
static void add_inner(struct buf *b, const struct checker *c, const struct breach *x, const char *otherwise);

static void add_limit(struct buf *b, const char *how, struct jval v) {
    buf_fmt(b, "%s ", how);
    add_value(b, v, FOUND_MAX);
}

static void add_expected_object(struct buf *b, const struct checker *c, const struct breach *x) {
    const struct op *op = x->op;
    switch (op->code) {
    case OP_MAXPROPS:
        add_count(b, "at most", op->n, "property", "properties");
        break;
    case OP_MINPROPS:
        add_count(b, "at least", op->n, "property", "properties");
        break;
    case OP_REQUIRED:
    case OP_DEPS:
        buf_str(b, "the property ");
        add_name(b, c->s, x->a);
        if (op->code == OP_DEPS) {
            buf_str(b, " beside ");
            add_value(b, schema_check_val(c, x->key), FOUND_MAX);
        }
        break;
    case OP_MOREPROPS:
        add_known(b, c->s, op->moreprops);
        if (x->key) add_known_hint(b, c->s, op->moreprops, schema_check_val(c, x->at), schema_check_val(c, x->key));
        break;
    case OP_NAMES:
        buf_str(b, "as a key ");
        if (x->cause)
            add_sentence(b, c, &(struct breach){.node = x->within, .op = x->cause, .at = x->key});
        else
            buf_str(b, "what propertyNames allows");
        break;
    default:
        break;
    }
}

static void add_expected_array(struct buf *b, const struct checker *c, const struct breach *x) {
    const struct op *op = x->op;
    switch (op->code) {
    case OP_MAXITEMS:
        add_count(b, "at most", op->n, "element", "elements");
        break;
    case OP_MINITEMS:
        add_count(b, "at least", op->n, "element", "elements");
        break;
    case OP_UNIQUE:
        buf_fmt(b, "elements that all differ, but numbers %u and %u are equal",
                index_of(schema_check_val(c, x->at), x->a), index_of(schema_check_val(c, x->at), x->b));
        break;
    case OP_CONTAINS:
        buf_str(b, "at least one element that is ");
        add_inner(b, c, x, "what \"contains\" asks for");
        break;
    default:
        add_expected_object(b, c, x);
    }
}

static void add_pattern(struct buf *b, struct jval v) {
    size_t from;
    buf_str(b, "a match of ");
    from = b->n;
    jv_unescape(v, b);
    if (b->n - from <= LIST_MAX) return;
    cut_at(b, from + LIST_MAX);
    buf_str(b, "...");
}

/* The times of RFC 3339 are what is most often got wrong, so they get an example. */
static void add_format(struct buf *b, struct sv name) {
    buf_fmt(b, "a valid %.*s", (int)name.n, name.p);
    if (sv_is(name, "date-time")) buf_str(b, " such as 2026-01-15T08:30:00+09:00");
    if (sv_is(name, "time")) buf_str(b, " such as 08:30:00Z");
}

/* What the node of a "not" or "contains" asks, where one simple rule says it. */
static void add_inner(struct buf *b, const struct checker *c, const struct breach *x, const char *otherwise) {
    const struct node *n = &c->s->nodes[x->op->node];
    uint8_t code = n->nops == 1 ? n->ops[0].code : OP_NOTHING;
    if (code == OP_TYPE || code == OP_CONST || code == OP_ENUM || code == OP_PATTERN || code == OP_FORMAT)
        add_sentence(b, c, &(struct breach){.node = n, .op = n->ops, .at = x->at});
    else
        buf_str(b, otherwise);
}

static void add_sentence(struct buf *b, const struct checker *c, const struct breach *x) {
    static const char *const limits[OP_COUNT] = {[OP_MULTIPLE] = "a multiple of",
                                                 [OP_MAX] = "at most",
                                                 [OP_EXMAX] = "less than",
                                                 [OP_MIN] = "at least",
                                                 [OP_EXMIN] = "more than"};
    static const char *const phrases[OP_COUNT] = {
        [OP_FALSE] = "no value at all",
        [OP_ENCODING] = "base64 text",
        [OP_LOOP] = "schema recursion too deep",
    };
    const struct op *op = x->op;
    struct jval v = schema_doc_val(c->s->docs[x->node->doc], op->tok);
    if (limits[op->code]) {
        add_limit(b, limits[op->code], v);
        return;
    }
    if (phrases[op->code]) {
        buf_str(b, phrases[op->code]);
        return;
    }
    switch (op->code) {
    case OP_TYPE:
        schema_words_add_types(b, op->on);
        break;
    case OP_CONST:
        add_value(b, v, LIST_MAX);
        break;
    case OP_ENUM:
        add_enum(b, v, schema_check_val(c, x->at));
        break;
    case OP_MAXLEN:
        add_count(b, "at most", op->n, "character", "characters");
        break;
    case OP_MINLEN:
        add_count(b, "at least", op->n, "character", "characters");
        break;
    case OP_PATTERN:
        add_pattern(b, v);
        break;
    case OP_FORMAT:
        add_format(b, jv_raw(v));
        break;
    case OP_NOT:
        buf_str(b, "anything but ");
        add_inner(b, c, x, "a match of \"not\"");
        break;
    case OP_MEDIA:
        buf_str(b, op->decode ? "base64 of a JSON text" : "a JSON text");
        break;
    case OP_ANYOF:
    case OP_ONEOF:
        add_branches(b, c, x);
        break;
    default:
        add_expected_array(b, c, x);
    }
}

void schema_words_expected(struct buf *b, const struct checker *c, const struct breach *x) {
    add_sentence(b, c, x);
}

/* ---- what was found ---- */

static void add_keys(struct buf *b, struct jval object) {
    uint32_t pos = 0, told = 0;
    size_t from = b->n;
    buf_str(b, "an object with ");
    for (struct jval key, e; jv_each(object, &pos, &key, &e) && b->n - from < KEYS_MAX; told++) {
        if (told) buf_str(b, ", ");
        add_value(b, key, FOUND_MAX / 2);
    }
    if (told < jv_tok(object)->n) buf_fmt(b, " and %u more", jv_tok(object)->n - told);
}

void schema_words_found(struct buf *b, const struct checker *c, const struct breach *x) {
    struct jval v = schema_check_val(c, x->key ? x->key : x->at);
    bool lacks = x->op && x->op->code == OP_REQUIRED;
    if (lacks && jv_type(v) == JT_OBJ && jv_tok(v)->len > FOUND_MAX)
        add_keys(b, v);
    else
        add_value(b, v, FOUND_MAX);
}

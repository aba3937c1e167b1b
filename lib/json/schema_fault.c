/*
 * See schema_check.h: from breaches to faults, the only place where validating
 * makes text. It runs once for a record that failed, on what is left of the
 * breaches; both pointers are found by walking down from the root again.
 */
#include "json/schema_build.h"
#include "json/schema_check.h"

#define FOUND_MAX 80
#define LIST_MAX 240 /* bytes of an enum or of the known keys that are told */

/* ---- pointers ---- */

static void add_segment(struct buf *b, struct jval key) {
    struct buf name = {0};
    jv_unescape(key, &name);
    buf_chr(b, '/');
    for (size_t i = 0; i < name.n; i++) {
        if (name.p[i] == '~')
            buf_str(b, "~0");
        else if (name.p[i] == '/')
            buf_str(b, "~1");
        else
            buf_chr(b, name.p[i]);
    }
    buf_free(&name);
}

/* The way from one token down to another inside it. */
static void add_pointer(struct buf *b, struct jval root, uint32_t target) {
    struct jval v = root;
    while (v.i < target && (jv_type(v) == JT_OBJ || jv_type(v) == JT_ARR)) {
        uint32_t pos = 0, index = 0;
        struct jval key, e;
        bool inside = false;
        while (jv_each(v, &pos, &key, &e) && !(inside = target < jv_tok(e)->next)) index++;
        if (!inside) return;
        if (jv_type(v) == JT_OBJ)
            add_segment(b, key);
        else
            buf_fmt(b, "/%u", index);
        v = e;
    }
}

static const char *keep(struct arena *a, struct buf *b) {
    const char *s = arena_strn(a, buf_text(b), b->n);
    b->n = 0;
    return s;
}

/* ---- values ---- */

/* As written, cut to max bytes on a character boundary. */
static void add_value(struct buf *b, struct jval v, size_t max) {
    struct sv raw = jv_raw(v);
    bool string = jv_type(v) == JT_STR, cut = raw.n + 2 * string > max;
    size_t n = cut ? max - 3 - string : raw.n;
    while (cut && n && ((unsigned char)raw.p[n] & 0xC0) == 0x80) n--;
    if (string) buf_chr(b, '"');
    buf_add(b, raw.p, n);
    if (cut)
        buf_str(b, "...");
    else if (string)
        buf_chr(b, '"');
}

static void add_enum(struct buf *b, struct jval list) {
    uint32_t pos = 0, told = 0;
    size_t start = b->n;
    buf_str(b, jv_tok(list)->n > 1 ? "one of " : "");
    for (struct jval e; jv_each(list, &pos, NULL, &e); told++) {
        if (told && b->n - start > LIST_MAX) {
            buf_fmt(b, " or %u more", jv_tok(list)->n - told);
            return;
        }
        if (told) buf_str(b, ", ");
        add_value(b, e, FOUND_MAX);
    }
    if (!told) buf_str(b, "nothing: the enum is empty");
}

static void add_name(struct buf *b, const struct schema *s, uint32_t gid) {
    json_quote(b, s->name[gid]);
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

static void add_types(struct buf *b, unsigned wrong) {
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

static void add_branches(struct buf *b, const struct breach *x) {
    uint32_t n = x->op->branches->list.n;
    if (x->op->code == OP_ANYOF)
        buf_fmt(b, "a match of at least one of %u alternatives", n);
    else if (x->b)
        buf_fmt(b, "a match of exactly one of %u alternatives, not of number %u and number %u", n, x->a, x->b);
    else
        buf_fmt(b, "a match of exactly one of %u alternatives", n);
}

static uint32_t index_of(struct jval array, uint32_t tok) {
    uint32_t pos = 0, k = 0;
    for (struct jval e; jv_each(array, &pos, NULL, &e) && e.i != tok;) k++;
    return k;
}

static void add_sentence(struct buf *b, const struct checker *c, const struct breach *x);

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
        buf_str(b, "at least one element that conforms to \"contains\"");
        break;
    default:
        add_expected_object(b, c, x);
    }
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
        [OP_NOT] = "anything but a match of \"not\"",
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
        add_types(b, op->on);
        break;
    case OP_CONST:
        add_value(b, v, LIST_MAX);
        break;
    case OP_ENUM:
        add_enum(b, v);
        break;
    case OP_MAXLEN:
        add_count(b, "at most", op->n, "character", "characters");
        break;
    case OP_MINLEN:
        add_count(b, "at least", op->n, "character", "characters");
        break;
    case OP_PATTERN:
        buf_str(b, "a match of ");
        jv_unescape(v, b);
        break;
    case OP_FORMAT:
        buf_fmt(b, "a valid %.*s", (int)jv_raw(v).n, jv_raw(v).p);
        break;
    case OP_MEDIA:
        buf_str(b, op->decode ? "base64 of a JSON text" : "a JSON text");
        break;
    case OP_ANYOF:
    case OP_ONEOF:
        add_branches(b, x);
        break;
    default:
        add_expected_array(b, c, x);
    }
}

/* ---- faults ---- */

static const char *word_of(const struct checker *c, struct schema_run *r, const struct breach *x) {
    struct jval at = schema_check_val(c, x->at);
    switch (x->op->code) {
    case OP_MOREPROPS:
        return jv_str(schema_check_val(c, x->key), &r->a, NULL);
    case OP_REQUIRED:
        return arena_strn(&r->a, c->s->name[x->a].p, c->s->name[x->a].n);
    case OP_ENUM:
        return jv_type(at) == JT_STR ? jv_str(at, &r->a, NULL) : NULL;
    default:
        return NULL;
    }
}

static struct schema_fault *new_fault(struct schema_run *r) {
    if (r->nfaults == r->cap) {
        r->cap = r->cap ? r->cap * 2 : 16;
        r->faults = mem_grow(r->faults, r->cap * sizeof *r->faults);
    }
    return &r->faults[r->nfaults++];
}

static void add_fault(const struct checker *c, struct schema_run *r, const struct breach *x, const char *keyword,
                      const char *expected) {
    struct schema_fault *f = new_fault(r);
    const struct doc *d = c->s->docs[x->node->doc];
    struct buf b = {0};
    *f = (struct schema_fault){.keyword = keyword, .at = schema_check_val(c, x->key ? x->key : x->at)};
    add_pointer(&b, schema_check_val(c, c->root), x->at);
    f->pointer = keep(&r->a, &b);
    buf_fmt(&b, "%s#", d->uri);
    add_pointer(&b, schema_doc_val(d, 0), x->op ? x->op->tok : x->node->tok);
    f->schema = keep(&r->a, &b);
    add_value(&b, f->at, FOUND_MAX);
    f->found = keep(&r->a, &b);
    if (expected || !x->op) { /* without an op only where the validator gave up, which says what it expected */
        f->expected = expected ? expected : "";
    } else {
        add_sentence(&b, c, x);
        f->expected = keep(&r->a, &b);
        f->word = word_of(c, r, x);
    }
    buf_free(&b);
}

/* dependentRequired of newer drafts shares its op, and so its name here, with dependencies. */
static const char *keyword_of(const struct breach *x) {
    return schema_keyword_name((enum opcode)x->op->code);
}

void schema_fault_render(const struct checker *c, struct schema_run *r) {
    static const char *const reasons[] = {
        [TOO_DEEP] = "schema recursion too deep",
        [TOO_LONG] = "fewer alternatives: the schema takes too many steps on this value",
        [PATTERN_TOO_LONG] = "a pattern that can be decided in reasonable time on this value",
    };
    if (c->gave_up) {
        const struct breach *x = &c->last_straw;
        add_fault(c, r, x, c->gave_up == PATTERN_TOO_LONG ? keyword_of(x) : "$ref", reasons[c->gave_up]);
        return;
    }
    for (size_t k = 0; k < c->sc->nbreaches; k++)
        add_fault(c, r, &c->sc->breaches[k], keyword_of(&c->sc->breaches[k]), NULL);
}

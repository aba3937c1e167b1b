/*
 * See schema_check.h: from breaches to faults, the only place where validating
 * makes text. It runs once for a record that failed, on what is left of the
 * breaches; both pointers are found by walking down from the root again.
 */
#include "json/schema_words.h"

static const char *keep(struct arena *a, struct buf *b) {
    const char *s = arena_strn(a, buf_text(b), b->n);
    b->n = 0;
    return s;
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

/* Two rules that say the same of the same value are told once. */
static bool is_told(const struct schema_run *r, const struct schema_fault *f) {
    for (size_t k = 0; k + 1 < r->nfaults; k++) {
        const struct schema_fault *g = &r->faults[k];
        if (g->at.i == f->at.i && strcmp(g->keyword, f->keyword) == 0 && strcmp(g->expected, f->expected) == 0 &&
            strcmp(g->pointer, f->pointer) == 0)
            return true;
    }
    return false;
}

/* NULL when it is told already; good until the next one. */
static struct schema_fault *add_fault(const struct checker *c, struct schema_run *r, const struct breach *x,
                                      const char *keyword, const char *expected) {
    struct schema_fault *f = new_fault(r);
    const struct doc *d = c->s->docs[x->node->doc];
    struct buf b = {0};
    *f = (struct schema_fault){.keyword = keyword, .at = schema_check_val(c, x->key ? x->key : x->at)};
    schema_pointer_add(&b, schema_check_val(c, c->root), x->at);
    f->pointer = keep(&r->a, &b);
    buf_fmt(&b, "%s#", d->uri);
    schema_pointer_add(&b, schema_doc_val(d, 0), x->op ? x->op->tok : x->node->tok);
    f->schema = keep(&r->a, &b);
    schema_words_found(&b, c, x);
    f->found = keep(&r->a, &b);
    if (expected || !x->op) { /* without an op only where the validator gave up, which says what it expected */
        f->expected = expected ? expected : "";
    } else {
        schema_words_expected(&b, c, x);
        f->expected = keep(&r->a, &b);
        f->word = word_of(c, r, x);
    }
    buf_free(&b);
    if (!is_told(r, f)) return f;
    r->nfaults--;
    return NULL;
}

/* dependentRequired of newer drafts shares its op, and so its name here, with dependencies. */
static const char *keyword_of(const struct breach *x) {
    return schema_keyword_name((enum opcode)x->op->code);
}

/* ---- anyOf and oneOf ---- */

enum choice { NO_CHOICE, CHOSEN, NOT_OFFERED };

/* Is there a property whose value says which alternative is meant, and is its value one that is offered? *value gets
 * its token. */
static enum choice choice_of(const struct checker *c, const struct breach *x, uint32_t *value) {
    struct jval at = schema_check_val(c, x->at), v;
    const struct picker *p = x->op->branches->pick;
    if (!p || jv_type(at) != JT_OBJ || !jv_get(at, c->s->name[p->gid], &v)) return NO_CHOICE;
    *value = v.i;
    if (jv_type(v) != JT_STR) return schema_words_offers(c->s, x->op->branches, v) ? NO_CHOICE : NOT_OFFERED;
    struct buf text = {0};
    jv_unescape(v, &text);
    uint32_t k = schema_set_find(&p->strings, (struct sv){text.p, text.n});
    buf_free(&text);
    uint64_t mask = k == NONE ? p->rest : p->masks[k];
    if (mask == 0) return NOT_OFFERED;
    return mask & (mask - 1) ? NO_CHOICE : CHOSEN;
}

/* Of an alternative that is not offered, only that is told: what the nearest one lacks would lead astray. */
static bool tell_not_offered(const struct checker *c, struct schema_run *r, const struct breach *x, uint32_t behind,
                             uint32_t value) {
    const struct breach *first = NULL;
    struct buf b = {0};
    for (uint32_t k = 1; k <= behind && !first; k++)
        if (x[k].at == value && (x[k].op->code == OP_ENUM || x[k].op->code == OP_CONST)) first = &x[k];
    if (!first) return false;
    bool one = first->op->code == OP_CONST && schema_words_choices(&b, c->s, x->op->branches);
    add_fault(c, r, first, schema_keyword_name((enum opcode)first->op->code), one ? keep(&r->a, &b) : NULL);
    buf_free(&b);
    return true;
}

/* Where no alternative is of the value's type, the types say it all. */
static bool tell_types(const struct checker *c, struct schema_run *r, const struct breach *x) {
    struct buf b = {0};
    bool ok = x->fit == 0 && schema_words_types(&b, c->s, x->op->branches);
    if (ok) add_fault(c, r, x, keyword_of(x), keep(&r->a, &b));
    buf_free(&b);
    return ok;
}

/* The depth is that of alternatives within alternatives. */
static void tell_breaches(const struct checker *c, struct schema_run *r, const struct breach *x,
                          const struct breach *end) {
    for (; x < end; x++) {
        uint32_t value;
        bool wrapper = (x->op->code == OP_ANYOF || x->op->code == OP_ONEOF) && x->behind;
        uint32_t behind = wrapper && x->behind > end - x - 1 ? (uint32_t)(end - x - 1) : x->behind; /* some were cut */
        enum choice choice = wrapper ? choice_of(c, x, &value) : NO_CHOICE;
        bool told_whole = (choice == NOT_OFFERED && tell_not_offered(c, r, x, behind, value)) ||
                          (wrapper && choice == NO_CHOICE && tell_types(c, r, x));
        if (!told_whole) {
            size_t told = r->nfaults;
            bool fresh = add_fault(c, r, x, keyword_of(x), NULL) && wrapper;
            if (wrapper) tell_breaches(c, r, x + 1, x + 1 + behind);
            if (fresh) r->faults[told].told_below = choice == CHOSEN || x->fit == 1 || r->nfaults == told + 1;
        }
        if (wrapper) x += behind;
    }
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
    tell_breaches(c, r, c->sc->breaches, c->sc->breaches + c->sc->nbreaches);
}

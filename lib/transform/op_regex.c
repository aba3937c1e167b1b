/* extract and replace: texts by patterns; see regex.h. */
#include "transform/regex.h"

/* ---- extract: the first pattern that matches gives its named groups ---- */

enum otherwise { ELSE_NULL, ELSE_KEEP, ELSE_DROP };
struct extract {
    struct sv field;
    struct rx **re;
    size_t n;
    struct svs names; /* fields that any of the patterns gives */
    enum otherwise otherwise;
};

static void add_name(struct op_parse *c, struct extract *x, const char *name, size_t *cap) {
    for (size_t i = 0; i < x->names.n; i++)
        if (sv_is(x->names.s[i], name)) return;
    if (x->names.n == *cap) {
        struct sv *old = x->names.s;
        *cap = *cap ? *cap * 2 : 8;
        x->names.s = arena_alloc(c->a, *cap * sizeof *old);
        if (x->names.n) memcpy(x->names.s, old, x->names.n * sizeof *old);
    }
    x->names.s[x->names.n++] = sv_of(name);
}

const void *parse_extract(struct op_parse *c) {
    static const char *const words[] = {"null", "keep", "drop"};
    struct extract *x = arena_alloc(c->a, sizeof *x);
    struct jval v;
    size_t cap = 0;
    uint32_t group;
    x->field = sv_of(get_str(c->a, c->v, "field", ""));
    x->re = rx_list(c, "patterns", &x->n);
    if (get_val(c->v, "else", &v)) x->otherwise = (enum otherwise)word_index(v, words, 3);
    for (size_t i = 0; i < x->n; i++) {
        if (!rx_names(x->re[i]) && get_val(c->v, "patterns", &v))
            mistake_at(c->m, offset_of(v), "a pattern to extract by needs a named group, as in (?<quantity>[0-9]+)");
        for (size_t k = 0; k < rx_names(x->re[i]); k++) add_name(c, x, rx_name(x->re[i], k, &group), &cap);
    }
    return x;
}

static void take_groups(const struct extract *x, const struct rx *re, const struct rx_match *m, struct trec *r) {
    for (size_t i = 0; i < x->names.n; i++) {
        struct sv value = SV("null");
        for (size_t k = 0; k < rx_names(re); k++) {
            uint32_t group;
            if (sv_is(x->names.s[i], rx_name(re, k, &group)) && m->group[group].p)
                value = value_of_text(m->group[group], r->a);
        }
        trec_set(r, x->names.s[i], value);
    }
}

enum op_verdict apply_extract(struct tworker *w, const struct top *o, struct trec *r) {
    const struct extract *x = o->args;
    const struct tmember *f = trec_find(r, x->field);
    struct rx_match m;
    (void)w;
    if (f && !value_is_null(f->value)) {
        struct sv s = value_text(f->value, r->a);
        for (size_t i = 0; i < x->n; i++)
            if (rx_find(x->re[i], s, 0, r->a, &m)) {
                take_groups(x, x->re[i], &m, r);
                return OP_NEXT;
            }
    }
    if (x->otherwise == ELSE_DROP) return OP_DROP;
    for (size_t i = 0; x->otherwise == ELSE_NULL && i < x->names.n; i++) trec_set(r, x->names.s[i], SV("null"));
    return OP_NEXT;
}

/* ---- replace: one pattern after another ---- */

#define TEXT_MOST ((size_t)64 << 20) /* a text that grows beyond it is cut off there */
#define REPEATS 100                  /* of "repeat": a replacement that never comes to rest ends here */

struct replace {
    struct svs fields;
    struct {
        struct rx *re;
        struct sv with;
    } * pairs;
    size_t n;
    bool repeat;
};

static void add_pair(struct op_parse *c, struct replace *x, struct jval pattern, const char *with) {
    struct rx *re = rx_new(c, jv_str(pattern, c->a, NULL), pattern);
    if (!re) return;
    const char *why = rx_check_with(re, with);
    if (why) mistake_at(c->m, offset_of(pattern), "\"%s\": %s", with, why);
    x->pairs[x->n].re = re;
    x->pairs[x->n++].with = sv_of(with);
}

const void *parse_replace(struct op_parse *c) {
    struct replace *x = arena_alloc(c->a, sizeof *x);
    struct jval v, k, e;
    x->fields = get_svs(c, "fields");
    x->repeat = get_bool(c->v, "repeat", false);
    if (get_val(c->v, "pattern", &v)) {
        x->pairs = arena_alloc(c->a, sizeof *x->pairs);
        add_pair(c, x, v, get_str(c->a, c->v, "with", ""));
    } else if (get_val(c->v, "patterns", &v) && jv_type(v) == JT_OBJ) {
        x->pairs = arena_alloc(c->a, (jv_tok(v)->n + 1) * sizeof *x->pairs);
        for (uint32_t pos = 0; jv_each(v, &pos, &k, &e);) add_pair(c, x, k, jv_str(e, c->a, NULL));
    }
    return x;
}

/* The text after all replacements in one of two buffers, or s itself. Only what came out last is kept. */
static struct sv replaced(const struct replace *x, struct sv s, struct arena *a, struct buf room[2]) {
    int to = 0;
    for (size_t i = 0; i < x->n; i++)
        for (int k = 0; k < (x->repeat ? REPEATS : 1); k++) {
            room[to].n = 0;
            if (!rx_replace(x->pairs[i].re, s, x->pairs[i].with, a, &room[to])) break;
            struct sv t = {buf_text(&room[to]), room[to].n};
            bool same = sv_eq(s, t);
            s = t;
            to = !to;
            if (same || s.n > TEXT_MOST) break;
        }
    return s;
}

enum op_verdict apply_replace(struct tworker *w, const struct top *o, struct trec *r) {
    const struct replace *x = o->args;
    struct buf room[2] = {{.max = TEXT_MOST * 2}, {.max = TEXT_MOST * 2}};
    (void)w;
    for (size_t i = 0; i < x->fields.n; i++) {
        struct tmember *m = trec_find(r, x->fields.s[i]);
        if (!m || !value_is_text(m->value)) continue;
        struct sv s = value_text(m->value, r->a), t = replaced(x, s, r->a, room);
        if (!sv_eq(s, t)) m->value = value_of_text(t, r->a);
    }
    buf_free(&room[0]);
    buf_free(&room[1]);
    return OP_NEXT;
}

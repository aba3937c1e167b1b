/*
 * lookup: fields from the row of a seed CSV whose columns hold the record's values. recode: a value for a value, from a
 * list in the definition.
 */
#include "base/hash.h"
#include "transform/seed.h"

enum otherwise { ELSE_NULL, ELSE_KEEP, ELSE_DROP };
static const char *const otherwise_words[] = {"null", "keep", "drop"};

struct lookup {
    struct seed seed;
    struct svs on; /* fields of the record; on_column[i] is what they must equal */
    size_t *on_column;
    struct svs to; /* fields made, from column[i] */
    size_t *column;
    enum otherwise otherwise;
    struct svs absent; /* JSON texts for to[i] where no row is found; n 0: otherwise decides */
    uint32_t *slots;   /* row + 1 by hash; 0 free */
    size_t cap;
};

static uint64_t hash_part(uint64_t h, struct sv s) {
    uint64_t x[2];
    siphash128(s.p, s.n, x);
    return (h ^ x[0]) * 0x9E3779B97F4A7C15u;
}

static void index_rows(struct op_parse *c, struct lookup *l) {
    for (l->cap = 16; l->cap < l->seed.n * 2; l->cap *= 2) continue;
    l->slots = arena_alloc(c->a, l->cap * sizeof *l->slots);
    for (size_t row = 0; row < l->seed.n; row++) {
        uint64_t h = 0;
        for (size_t k = 0; k < l->on.n; k++) h = hash_part(h, seed_cell(&l->seed, row, l->on_column[k]));
        size_t i = (h >> 20) & (l->cap - 1);
        for (; l->slots[i]; i = (i + 1) & (l->cap - 1)) {
            bool same = true;
            for (size_t k = 0; k < l->on.n && same; k++)
                same = sv_eq(seed_cell(&l->seed, row, l->on_column[k]),
                             seed_cell(&l->seed, l->slots[i] - 1, l->on_column[k]));
            if (!same) continue;
            mistake_at(c->m, offset_of(c->v), "%s: rows %u and %zu have the same key", l->seed.file, l->slots[i],
                       row + 1);
            break;
        }
        if (!l->slots[i]) l->slots[i] = (uint32_t)row + 1;
    }
}

static bool columns(struct op_parse *c, struct lookup *l, struct svs names, size_t **at) {
    bool ok = true;
    *at = arena_alloc(c->a, (names.n + 1) * sizeof **at);
    for (size_t i = 0; i < names.n; i++) ok = seed_column(c, &l->seed, names.s[i], &(*at)[i]) && ok;
    return ok;
}

const void *parse_lookup(struct op_parse *c) {
    struct lookup *l = arena_alloc(c->a, sizeof *l);
    struct sv_map on = get_sv_map(c, "on", false), fields = get_sv_map(c, "fields", false),
                  absent = get_sv_map(c, "default", true);
    struct jval v;
    l->on = on.keys;
    l->to = fields.keys;
    if (get_val(c->v, "else", &v)) l->otherwise = (enum otherwise)word_index(v, otherwise_words, 3);
    if (!seed_read(c, "seed", &l->seed)) return l;
    bool ok = columns(c, l, on.values, &l->on_column);
    if (!columns(c, l, fields.values, &l->column) || !ok) return l;
    l->absent.s = arena_alloc(c->a, (l->to.n + 1) * sizeof *l->absent.s);
    l->absent.n = l->to.n;
    for (size_t i = 0; i < l->to.n; i++) {
        l->absent.s[i] = SV("null");
        for (size_t k = 0; k < absent.keys.n; k++)
            if (sv_eq(absent.keys.s[k], l->to.s[i])) l->absent.s[i] = absent.values.s[k];
    }
    index_rows(c, l);
    return l;
}

static bool find_row(const struct lookup *l, const struct trec *r, size_t *row) {
    uint64_t h = 0;
    for (size_t k = 0; k < l->on.n; k++) h = hash_part(h, trec_text(r, l->on.s[k]));
    for (size_t i = (h >> 20) & (l->cap - 1); l->slots[i]; i = (i + 1) & (l->cap - 1)) {
        bool same = true;
        *row = l->slots[i] - 1;
        for (size_t k = 0; k < l->on.n && same; k++)
            same = sv_eq(trec_text(r, l->on.s[k]), seed_cell(&l->seed, *row, l->on_column[k]));
        if (same) return true;
    }
    return false;
}

enum op_verdict apply_lookup(struct tworker *w, const struct top *o, struct trec *r) {
    const struct lookup *l = o->args;
    size_t row;
    (void)w;
    if (find_row(l, r, &row)) {
        for (size_t i = 0; i < l->to.n; i++)
            trec_set(r, l->to.s[i], value_of_text(seed_cell(&l->seed, row, l->column[i]), r->a));
        return OP_NEXT;
    }
    if (l->otherwise == ELSE_DROP) return OP_DROP;
    for (size_t i = 0; l->otherwise == ELSE_NULL && i < l->to.n; i++) trec_set(r, l->to.s[i], l->absent.s[i]);
    return OP_NEXT;
}

/* ---- recode ---- */

struct recode {
    struct sv field, to;
    struct sv_map values;
    struct sv otherwise, absent; /* JSON texts; n 0: the value stays as it is */
};

static struct sv json_word(struct op_parse *c, const char *key) {
    struct jval v;
    struct buf b = {0};
    if (!get_val(c->v, key, &v)) return SV("");
    json_copy(&b, v);
    struct sv s = {arena_strn(c->a, b.p, b.n), b.n};
    buf_free(&b);
    return s;
}

const void *parse_recode(struct op_parse *c) {
    struct recode *x = arena_alloc(c->a, sizeof *x);
    x->field = sv_of(get_str(c->a, c->v, "field", ""));
    x->to = sv_of(get_str(c->a, c->v, "to", x->field.p));
    x->values = get_sv_map(c, "values", true);
    x->otherwise = json_word(c, "default");
    x->absent = json_word(c, "absent");
    return x;
}

enum op_verdict apply_recode(struct tworker *w, const struct top *o, struct trec *r) {
    const struct recode *x = o->args;
    const struct tmember *m = trec_find(r, x->field);
    struct sv value = m ? m->value : SV("null"), s = trec_text(r, x->field);
    (void)w;
    if (x->absent.n && !s.n) {
        trec_set(r, x->to, x->absent);
        return OP_NEXT;
    }
    for (size_t i = 0; i < x->values.keys.n; i++)
        if (sv_eq(x->values.keys.s[i], s)) {
            trec_set(r, x->to, x->values.values.s[i]);
            return OP_NEXT;
        }
    trec_set(r, x->to, x->otherwise.n ? x->otherwise : value);
    return OP_NEXT;
}

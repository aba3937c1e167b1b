/* template: texts put together from fields and the run's day; case: letters large or small. */
#include "transform/op.h"

struct piece {
    struct sv text;
    enum { PIECE_TEXT, PIECE_FIELD, PIECE_DAY } kind;
};
struct template {
    struct svs fields;
    struct pieces {
        struct piece *p;
        size_t n;
    } * of;
};

static bool add_piece(struct pieces *l, const char *from, size_t n, int kind) {
    if (!n) return kind == PIECE_TEXT;
    l->p[l->n].text = (struct sv){from, n};
    l->p[l->n++].kind = kind == PIECE_FIELD && n == 4 && memcmp(from, ":day", 4) == 0 ? PIECE_DAY : kind;
    return true;
}

/* {field}, {:day}; {{ is a bracket. */
static bool read_pieces(struct op_parse *c, struct pieces *l, const char *s) {
    l->p = arena_alloc(c->a, (strlen(s) + 1) * sizeof *l->p);
    while (*s) {
        if (s[0] == '{' && s[1] == '{') {
            add_piece(l, s, 1, PIECE_TEXT);
            s += 2;
        } else if (*s == '{') {
            size_t n = strcspn(s + 1, "}");
            if (!s[n + 1] || !add_piece(l, s + 1, n, PIECE_FIELD)) return false;
            s += n + 2;
        } else {
            size_t n = strcspn(s, "{");
            add_piece(l, s, n, PIECE_TEXT);
            s += n;
        }
    }
    return true;
}

const void *parse_template(struct op_parse *c) {
    struct template *t = arena_alloc(c->a, sizeof *t);
    struct sv_map m = get_sv_map(c, "fields", false);
    t->fields = m.keys;
    t->of = arena_alloc(c->a, (m.keys.n + 1) * sizeof *t->of);
    for (size_t i = 0; i < m.keys.n; i++)
        if (!read_pieces(c, &t->of[i], m.values.s[i].p))
            mistake_at(c->m, offset_of(c->v), "the template '%s' has a { without a field and }; {{ is a bracket",
                       m.values.s[i].p);
    return t;
}

enum op_verdict apply_template(struct tworker *w, const struct top *o, struct trec *r) {
    const struct template *t = o->args;
    struct buf b = {0};
    for (size_t i = 0; i < t->fields.n; i++) {
        b.n = 0;
        for (size_t k = 0; k < t->of[i].n; k++) {
            const struct piece *p = &t->of[i].p[k];
            if (p->kind == PIECE_TEXT)
                buf_sv(&b, p->text);
            else if (p->kind == PIECE_DAY)
                buf_str(&b, day_text(worker_cfg(w)->day).s);
            else
                buf_sv(&b, trec_text(r, p->text));
        }
        trec_set(r, t->fields.s[i], value_of_text((struct sv){buf_text(&b), b.n}, r->a));
    }
    buf_free(&b);
    return OP_NEXT;
}

/* ---- case ---- */

struct letter_case {
    struct svs fields;
    bool upper;
};

const void *parse_case(struct op_parse *c) {
    struct letter_case *x = arena_alloc(c->a, sizeof *x);
    x->fields = get_svs(c, "fields");
    x->upper = strcmp(get_str(c->a, c->v, "to", "lower"), "upper") == 0;
    return x;
}

enum op_verdict apply_case(struct tworker *w, const struct top *o, struct trec *r) {
    const struct letter_case *x = o->args;
    (void)w;
    for (size_t i = 0; i < x->fields.n; i++) {
        struct tmember *m = trec_find(r, x->fields.s[i]);
        if (!m || !value_is_text(m->value)) continue;
        struct sv s = value_text(m->value, r->a);
        char *p = arena_strn(r->a, s.p, s.n);
        for (size_t k = 0; k < s.n; k++) {
            if (x->upper ? p[k] >= 'a' && p[k] <= 'z' : p[k] >= 'A' && p[k] <= 'Z') p[k] ^= 32;
        }
        m->value = value_of_text((struct sv){p, s.n}, r->a);
    }
    return OP_NEXT;
}

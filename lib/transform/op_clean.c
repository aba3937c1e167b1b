/*
 * clean: what only stands for nothing becomes null: texts such as "-", which a source writes where it has no value, and
 * lists and objects without anything in them.
 */
#include "transform/op.h"

struct clean {
    struct svs fields; /* n 0: all */
    struct svs values; /* texts that mean nothing, without their outer blanks */
};

const void *parse_clean(struct op_parse *c) {
    struct clean *x = arena_alloc(c->a, sizeof *x);
    x->fields = get_svs(c, "fields");
    x->values = get_svs(c, "values");
    return x;
}

/* Blanks, tabs, line breaks and NBSP (C2 A0) off both ends. */
static struct sv without_blanks(struct sv s) {
    static const char blanks[] = " \t\r\n";
    for (;;) {
        if (s.n && strchr(blanks, s.p[0]) && s.p[0])
            s.p++, s.n--;
        else if (s.n && strchr(blanks, s.p[s.n - 1]) && s.p[s.n - 1])
            s.n--;
        else if (s.n > 1 && memcmp(s.p, "\xC2\xA0", 2) == 0)
            s.p += 2, s.n -= 2;
        else if (s.n > 1 && memcmp(s.p + s.n - 2, "\xC2\xA0", 2) == 0)
            s.n -= 2;
        else
            return s;
    }
}

/* [] or {}, with blanks in it or not */
static bool is_hollow(struct sv v) {
    if (v.n < 2 || (v.p[0] != '[' && v.p[0] != '{')) return false;
    for (size_t i = 1; i + 1 < v.n; i++)
        if (!strchr(" \t\r\n", v.p[i])) return false;
    return true;
}

static bool means_nothing(const struct clean *x, struct sv value, struct arena *a) {
    if (is_hollow(value)) return true;
    if (!value_is_text(value)) return false;
    struct sv s = without_blanks(value_text(value, a));
    for (size_t i = 0; i < x->values.n; i++)
        if (sv_eq(x->values.s[i], s)) return true;
    return false;
}

enum op_verdict apply_clean(struct tworker *w, const struct top *o, struct trec *r) {
    const struct clean *x = o->args;
    (void)w;
    for (size_t i = 0; i < r->n && !x->fields.n; i++)
        if (means_nothing(x, r->m[i].value, r->a)) r->m[i].value = SV("null");
    for (size_t i = 0; i < x->fields.n; i++) {
        struct tmember *m = trec_find(r, x->fields.s[i]);
        if (m && means_nothing(x, m->value, r->a)) m->value = SV("null");
    }
    return OP_NEXT;
}

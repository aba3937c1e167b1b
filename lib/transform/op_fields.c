/* Operations on fields as a whole: select, remove, rename, set. */
#include "transform/op.h"

const void *parse_fields(struct op_parse *c) {
    struct svs *l = arena_alloc(c->a, sizeof *l);
    *l = get_svs(c, "fields");
    return l;
}

const void *parse_map(struct op_parse *c) {
    struct sv_map *m = arena_alloc(c->a, sizeof *m);
    *m = get_sv_map(c, "fields", false);
    return m;
}

const void *parse_set(struct op_parse *c) {
    struct sv_map *m = arena_alloc(c->a, sizeof *m);
    *m = get_sv_map(c, "fields", true);
    return m;
}

static bool has(const struct svs *l, struct sv s) {
    for (size_t i = 0; i < l->n; i++)
        if (sv_eq(l->s[i], s)) return true;
    return false;
}

static void keep_those(struct trec *r, const struct svs *fields, bool listed) {
    size_t n = 0;
    for (size_t i = 0; i < r->n; i++)
        if (has(fields, r->m[i].key) == listed) r->m[n++] = r->m[i];
    r->n = n;
}

enum op_verdict apply_select(struct tworker *w, const struct top *o, struct trec *r) {
    (void)w;
    keep_those(r, o->args, true);
    return OP_NEXT;
}

enum op_verdict apply_remove(struct tworker *w, const struct top *o, struct trec *r) {
    (void)w;
    keep_those(r, o->args, false);
    return OP_NEXT;
}

/* A member that has the new name already gives way: one name, one member. */
static void rename_member(struct trec *r, struct tmember *m, struct sv name) {
    size_t at = (size_t)(m - r->m), n = 0;
    for (size_t i = 0; i < r->n; i++) {
        if (i != at && sv_eq(r->m[i].key, name)) continue;
        r->m[n] = r->m[i];
        if (i == at) r->m[n].key = name;
        n++;
    }
    r->n = n;
}

enum op_verdict apply_rename(struct tworker *w, const struct top *o, struct trec *r) {
    const struct sv_map *a = o->args;
    (void)w;
    for (size_t i = 0; i < a->keys.n; i++) {
        struct tmember *m = trec_find(r, a->keys.s[i]);
        if (m) rename_member(r, m, a->values.s[i]);
    }
    return OP_NEXT;
}

enum op_verdict apply_set(struct tworker *w, const struct top *o, struct trec *r) {
    const struct sv_map *a = o->args;
    (void)w;
    for (size_t i = 0; i < a->keys.n; i++) trec_set(r, a->keys.s[i], a->values.s[i]);
    return OP_NEXT;
}

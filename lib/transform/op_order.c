/* sort: the stream in order; dedupe: of records with the same key the last (or the first). */
#include "transform/op.h"

struct order {
    struct svs by;
    bool *down;
    struct sv within; /* dedupe: what decides who is last; n 0: the order of the input */
    bool first;
};

const void *parse_order(struct op_parse *c) {
    struct order *o = arena_alloc(c->a, sizeof *o);
    o->by = get_svs(c, "by");
    o->down = arena_alloc(c->a, (o->by.n + 1) * sizeof *o->down);
    o->within = sv_of(get_str(c->a, c->v, "order", NULL));
    o->first = strcmp(get_str(c->a, c->v, "keep", "last"), "first") == 0;
    return o;
}

const void *parse_sort(struct op_parse *c) {
    struct order *o = (struct order *)(uintptr_t)parse_order(c);
    for (size_t i = 0; i < o->by.n; i++) {
        if (o->by.s[i].n < 2 || o->by.s[i].p[0] != '-') continue;
        o->down[i] = true;
        o->by.s[i].p++;
        o->by.s[i].n--;
    }
    return o;
}

static void add_key(struct buf *key, const struct trec *r, struct sv field, bool down) {
    const struct tmember *m = trec_find(r, field);
    size_t from = key->n;
    key_add(key, m ? m->value : SV(""));
    for (size_t i = from; down && i < key->n; i++) key->p[i] = (char)~key->p[i];
}

static void pack(const struct order *o, struct trec *r, struct buf *key, struct buf *load, bool dedupe) {
    for (size_t i = 0; i < o->by.n; i++) add_key(key, r, o->by.s[i], o->down[i]);
    uint32_t n = (uint32_t)key->n;
    if (dedupe) buf_add(load, &n, sizeof n);
    if (o->within.n) add_key(key, r, o->within, false);
    trec_write(r, load);
}

void pack_sort(struct tworker *w, const void *args, struct trec *r, struct buf *key, struct buf *load) {
    (void)w;
    pack(args, r, key, load, false);
}

int unpack_sort(struct stream *s, const void *args, struct runs *in, struct err *e) {
    struct run_entry x;
    int rc = ERR_OK;
    (void)args;
    while (rc == ERR_OK && runs_next(in, &x, &rc, e)) rc = stream_emit(s, x.load, e);
    return rc;
}

void pack_dedupe(struct tworker *w, const void *args, struct trec *r, struct buf *key, struct buf *load) {
    (void)w;
    pack(args, r, key, load, true);
}

int unpack_dedupe(struct stream *s, const void *args, struct runs *in, struct err *e) {
    const struct order *o = args;
    struct run_entry x;
    struct buf key = {0}, held = {0};
    bool any = false;
    int rc = ERR_OK;
    while (rc == ERR_OK && runs_next(in, &x, &rc, e)) {
        uint32_t n;
        memcpy(&n, x.load.p, sizeof n);
        struct sv mine = {x.key.p, n}, text = {x.load.p + sizeof n, x.load.n - sizeof n};
        bool same = any && sv_eq(mine, (struct sv){key.p, key.n});
        if (any && !same) rc = stream_emit(s, (struct sv){held.p, held.n}, e);
        if (same && o->first) continue;
        any = true;
        key.n = held.n = 0;
        buf_sv(&key, mine);
        buf_sv(&held, text);
    }
    if (rc == ERR_OK && any) rc = stream_emit(s, (struct sv){held.p, held.n}, e);
    buf_free(&key);
    buf_free(&held);
    return rc;
}

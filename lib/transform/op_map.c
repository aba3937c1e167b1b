/*
 * map: a text becomes the name of a vocabulary that it is most like (similar.h). Distinct texts are matched once in a
 * run: the answers are kept in a table that the threads share, up to a number that fits any memory; texts beyond it are
 * matched each time, with the same answer.
 */
#include <pthread.h>

#include "base/hash.h"
#include "transform/seed.h"
#include "transform/similar.h"

#define KNOWN_MOST 30000
#define KNOWN_TEXT 200 /* longer texts are not kept */

struct map_args {
    struct sv field, to, score, how, empty, unknown; /* JSON texts the last two; score.n, how.n 0: not asked for */
    struct svs all;                                  /* texts that count as empty, in lower case */
    struct vocabulary v;
};
struct known {
    struct sv text;
    struct similar_match match;
};
struct map_cache {
    pthread_mutex_t lock;
    struct arena a;
    struct known *slots;
    size_t n, cap;
    struct similar *free[64]; /* comparisons' memory, lent to a thread at a time */
    size_t nfree;
};

static void read_vocabulary(struct op_parse *c, struct map_args *m) {
    struct seed s;
    size_t name, base = SIZE_MAX, codes = SIZE_MAX;
    struct svs variants = get_svs(c, "variants");
    const char *b = get_str(c->a, c->v, "base", NULL), *k = get_str(c->a, c->v, "keywords", NULL);
    if (!seed_read(c, "vocabulary", &s)) return;
    if (!seed_column(c, &s, sv_of(get_str(c->a, c->v, "name", "name")), &name)) return;
    if (b && !seed_column(c, &s, sv_of(b), &base)) return;
    if (k && !seed_column(c, &s, sv_of(k), &codes)) return;
    m->v.names = arena_alloc(c->a, s.n * sizeof *m->v.names);
    for (size_t i = 0; i < s.n; i++) {
        struct vocabulary_name *x = &m->v.names[m->v.n++];
        x->name = seed_cell(&s, i, name);
        letters_of(&x->l, x->name, c->a);
        if (!x->l.n) mistake_at(c->m, offset_of(c->v), "%s: row %zu has no name", s.file, i + 1);
        if (base != SIZE_MAX)
            vocabulary_keywords(x, seed_cell(&s, i, base), codes == SIZE_MAX ? SV("") : seed_cell(&s, i, codes),
                                variants.s, variants.n, c->a);
    }
}

const void *parse_vocabulary(struct op_parse *c) {
    struct map_args *m = arena_alloc(c->a, sizeof *m);
    m->field = sv_of(get_str(c->a, c->v, "field", ""));
    m->to = sv_of(get_str(c->a, c->v, "to", m->field.p));
    m->score = sv_of(get_str(c->a, c->v, "score", NULL));
    m->how = sv_of(get_str(c->a, c->v, "how", NULL));
    m->empty = value_of_text(sv_of(get_str(c->a, c->v, "empty", "")), c->a);
    m->unknown = value_of_text(sv_of(get_str(c->a, c->v, "unknown", "unknown")), c->a);
    m->all = get_svs(c, "as_empty");
    m->v.min_score = get_num(c->v, "min_score", 0.55);
    read_vocabulary(c, m);
    return m;
}

void *map_share(const void *args) {
    struct map_cache *m = mem_alloc(sizeof *m);
    (void)args;
    pthread_mutex_init(&m->lock, NULL);
    m->cap = 1024;
    m->slots = mem_alloc(m->cap * sizeof *m->slots);
    return m;
}

void map_unshare(void *shared) {
    struct map_cache *m = shared;
    while (m->nfree) similar_free(m->free[--m->nfree]);
    pthread_mutex_destroy(&m->lock);
    arena_free(&m->a);
    free(m->slots);
    free(m);
}

static struct known *slot_of(const struct map_cache *m, struct sv text) {
    uint64_t h[2];
    siphash128(text.p, text.n, h);
    size_t i = h[0] & (m->cap - 1);
    while (m->slots[i].text.p && !sv_eq(m->slots[i].text, text)) i = (i + 1) & (m->cap - 1);
    return &m->slots[i];
}

static void grow(struct map_cache *m) {
    struct map_cache old = *m;
    m->cap *= 2;
    m->slots = mem_alloc(m->cap * sizeof *m->slots);
    for (size_t i = 0; i < old.cap; i++)
        if (old.slots[i].text.p) *slot_of(m, old.slots[i].text) = old.slots[i];
    free(old.slots);
}

static void remember(struct map_cache *m, struct sv text, struct similar_match match) {
    if (m->n >= KNOWN_MOST || text.n > KNOWN_TEXT) return;
    if (m->n * 2 >= m->cap) grow(m);
    struct known *k = slot_of(m, text);
    if (k->text.p) return; /* another thread was quicker */
    *k = (struct known){{arena_strn(&m->a, text.p, text.n), text.n}, match};
    m->n++;
}

static struct similar_match match(const struct map_args *m, struct map_cache *c, struct sv text, struct arena *a) {
    struct letters l;
    pthread_mutex_lock(&c->lock);
    struct known known = *slot_of(c, text);
    struct similar *s = known.text.p || !c->nfree ? NULL : c->free[--c->nfree];
    pthread_mutex_unlock(&c->lock);
    if (known.text.p) return known.match;
    if (!s) s = similar_new();
    letters_of(&l, text, a);
    struct similar_match found = vocabulary_match(&m->v, s, &l);
    pthread_mutex_lock(&c->lock);
    remember(c, text, found);
    if (c->nfree < 64) {
        c->free[c->nfree++] = s;
        s = NULL;
    }
    pthread_mutex_unlock(&c->lock);
    similar_free(s);
    return found;
}

static bool counts_as_empty(const struct map_args *m, struct sv text) {
    while (text.n && (*text.p == ' ' || *text.p == '\t')) text.p++, text.n--;
    while (text.n && (text.p[text.n - 1] == ' ' || text.p[text.n - 1] == '\t')) text.n--;
    if (!text.n) return true;
    for (size_t i = 0; i < m->all.n; i++)
        if (m->all.s[i].n == text.n && strncasecmp(m->all.s[i].p, text.p, text.n) == 0) return true;
    return false;
}

enum op_verdict apply_vocabulary(struct tworker *w, const struct top *o, struct trec *r) {
    static const char *const how[] = {"\"empty\"", "\"unknown\"", "\"keyword\"", "\"score\""};
    const struct map_args *m = o->args;
    struct sv text = trec_text(r, m->field), name = m->empty;
    struct similar_match x = {0};
    int kind = 0;
    (void)w;
    if (!counts_as_empty(m, text)) {
        x = match(m, o->shared, text, r->a);
        kind = x.at == m->v.n ? 1 : x.by_keyword ? 2 : 3;
        name = kind == 1 ? m->unknown : value_of_text(m->v.names[x.at].name, r->a);
    }
    trec_set(r, m->to, name);
    if (m->score.n) trec_set(r, m->score, kind < 2 ? SV("null") : value_of_double(x.score, r->a));
    if (m->how.n) trec_set(r, m->how, sv_of(how[kind]));
    return OP_NEXT;
}

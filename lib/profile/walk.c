/* See walk.h. The first half: from records to fields; the second half, what they hold, is in ones.c. */
#include "profile/walk.h"

#include "profile/ones.h"

static struct seen *new_seen(struct walk *w, struct seen *parent, struct sv key, uint64_t hash) {
    struct seen *s = arena_alloc(&w->nodes, sizeof *s);
    s->parent = parent;
    s->key = arena_strn(&w->nodes, key.p, key.n);
    s->keylen = (uint32_t)key.n;
    s->key_hash = hash;
    s->level = parent ? parent->level + 1 : 0;
    s->t.forms = FORM_ALL;
    tally_start(&s->t);
    if (w->nfresh == w->freshcap) {
        w->freshcap = w->freshcap ? w->freshcap * 2 : 64;
        w->fresh = mem_grow(w->fresh, w->freshcap * sizeof *w->fresh);
    }
    w->fresh[w->nfresh++] = s;
    w->nseen++;
    return s;
}

static uint32_t map_slot(const struct walk *w, const struct seen *parent, uint64_t hash) {
    return (uint32_t)((hash ^ (uintptr_t)parent * 0x9e3779b97f4a7c15u) * w->salt >> 32) & (w->mapcap - 1);
}

static void map_put(struct walk *w, struct seen *s) {
    if (w->nmap * 2 >= w->mapcap) {
        struct seen **old = w->map;
        uint32_t n = w->mapcap;
        w->mapcap = n ? n * 2 : 256;
        w->map = mem_alloc(w->mapcap * sizeof *w->map);
        w->nmap = 0;
        for (uint32_t i = 0; i < n; i++)
            if (old[i]) map_put(w, old[i]);
        free(old);
    }
    uint32_t k = map_slot(w, s->parent, s->key_hash);
    while (w->map[k]) k = (k + 1) & (w->mapcap - 1);
    w->map[k] = s;
    w->nmap++;
}

static struct seen *map_find(const struct walk *w, const struct seen *parent, struct sv key, uint64_t hash) {
    if (!w->mapcap) return NULL;
    for (uint32_t k = map_slot(w, parent, hash); w->map[k]; k = (k + 1) & (w->mapcap - 1)) {
        struct seen *s = w->map[k];
        if (s->key_hash == hash && s->parent == parent && sv_eq((struct sv){s->key, s->keylen}, key)) return s;
    }
    return NULL;
}

/* The field for a key (or the elements) that is not known here yet; NULL where it gets none. */
static struct seen *first_met(struct walk *w, struct seen *parent, struct sv key, uint64_t hash, bool item) {
    struct field *f = NULL;
    if (parent->level == LEVELS_MOST) return NULL;
    if (w->place) {
        f = w->place(w->ctx, parent->field, key, hash, item);
        if (!f) return NULL;
    } else if (w->nfresh > w->most) {
        w->gave_up = true;
        return NULL;
    }
    struct seen *s = new_seen(w, parent, key, hash);
    s->field = f;
    return s;
}

/* Keys are short and mostly the expected ones: two words that may overlap instead of a call. */
static bool same_key(const char *a, const char *b, size_t n) {
    uint64_t x, y, v, w;
    if (n > 16 || n < 8) {
        for (size_t i = 0; n < 8 && i < n; i++)
            if (a[i] != b[i]) return false;
        return n < 8 || memcmp(a, b, n) == 0;
    }
    memcpy(&x, a, 8);
    memcpy(&y, b, 8);
    memcpy(&v, a + n - 8, 8);
    memcpy(&w, b + n - 8, 8);
    return x == y && v == w;
}

/* The member's field; NULL where it gets none. */
static struct seen *find_member(struct walk *w, struct seen *parent, struct seen *before, const char *text,
                                const struct jtok *k) {
    struct sv key = {text + k->off, k->len};
    if (k->flags & JF_ESC) {
        w->key.n = 0;
        jv_unescape((struct jval){text, k, 0}, &w->key);
        key = (struct sv){buf_text(&w->key), w->key.n};
    }
    struct seen **guess = before ? &before->guess : &parent->first_guess;
    if (*guess && (*guess)->keylen == key.n && same_key((*guess)->key, key.p, key.n)) return *guess;
    uint64_t hash = value_hash(key.p, key.n, 0);
    struct seen *s = map_find(w, parent, key, hash);
    if (!s) {
        s = key.n > KEY_MOST ? NULL : first_met(w, parent, key, hash, false);
        if (!s) return NULL;
        map_put(w, s);
    }
    *guess = s;
    return s;
}

static void touch(struct walk *w, struct seen *s) {
    if (s->batch == w->batch) return;
    s->batch = w->batch;
    if (w->nactive == w->activecap) {
        w->activecap = w->activecap ? w->activecap * 2 : 64;
        w->active = mem_grow(w->active, w->activecap * sizeof *w->active);
    }
    w->active[w->nactive++] = s;
}

static void push_member(struct walk *w, struct seen *s, uint32_t token) {
    if (w->nmembers == w->memcap) {
        w->memcap = w->memcap ? w->memcap * 2 : 256;
        w->members = mem_grow(w->members, w->memcap * sizeof *w->members);
    }
    w->members[w->nmembers++] = (struct member){s, token};
}

static void see(struct walk *w, struct seen *s, struct jval v);

/* First the members are found, then looked into: of a key that occurs twice the last counts, as in jv_get. */
static void see_object(struct walk *w, struct seen *s, struct jval v) {
    size_t from = w->nmembers;
    uint64_t object = ++w->objects;
    uint32_t end = jv_tok(v)->next;
    struct seen *before = NULL;
    s->t.kinds[KIND_OBJECT]++;
    for (uint32_t i = v.i + 1; i < end; i = v.t[i + 1].next) {
        struct seen *m = find_member(w, s, before, v.text, &v.t[i]);
        if (!m) {
            s->t.left_out++;
            continue;
        }
        before = m;
        if (m->object == object) {
            w->members[from + m->member].token = i + 1;
            m->t.repeated++;
            continue;
        }
        m->object = object;
        m->member = w->nmembers - from;
        push_member(w, m, i + 1);
    }
    for (size_t k = 0, n = w->nmembers - from; k < n; k++) {
        struct member m = w->members[from + k];
        see(w, m.s, (struct jval){v.text, v.t, m.token});
    }
    w->nmembers = from;
}

static void see_array(struct walk *w, struct seen *s, struct jval v) {
    s->t.kinds[KIND_ARRAY]++;
    extent_add(&s->t.items, jv_tok(v)->n, 1);
    if (!jv_tok(v)->n) return;
    if (!s->item) s->item = first_met(w, s, (struct sv){"", 0}, 0, true);
    if (!s->item) {
        s->t.left_out += jv_tok(v)->n;
        return;
    }
    uint32_t pos = 0;
    for (struct jval e; jv_each(v, &pos, NULL, &e);) see(w, s->item, e);
}

static void see(struct walk *w, struct seen *s, struct jval v) {
    touch(w, s);
    switch (jv_type(v)) {
    case JT_OBJ:
        see_object(w, s, v);
        break;
    case JT_ARR:
        see_array(w, s, v);
        break;
    case JT_NULL:
        s->t.kinds[KIND_NULL]++;
        break;
    default:
        ones_add(s, v, w->salt);
    }
}

static void invalid(struct walk *w, const struct rec *r) {
    w->invalid++;
    if (w->nbad == WALK_SAMPLES) return;
    w->bad[w->nbad++] = (struct bad_line){r->line, r->file, rec_problem(r, &w->a)};
}

void walk_batch(struct walk *w, const struct batch *b) {
    arena_reset(&w->a);
    w->batch++;
    w->nactive = w->nfresh = 0;
    w->records = w->invalid = 0;
    w->nbad = 0;
    w->gave_up = false;
    if (!w->root) w->root = new_seen(w, NULL, (struct sv){"", 0}, 0);
    w->root->field = w->record;
    for (size_t i = 0; i < b->n && !w->gave_up; i++) {
        if (b->r[i].bad) {
            invalid(w, &b->r[i]);
            continue;
        }
        w->records++;
        see(w, w->root, b->r[i].v);
    }
    for (uint32_t i = 0; i < w->nactive && !w->gave_up; i++) ones_end(w->active[i], &w->a);
}

static void free_seen(struct seen *s) {
    if (!s) return;
    tally_free(&s->t);
    free(s->ones);
    free(s->slots);
    free(s->ids);
}

/* Every field but the root and elements is in the map; elements hang on theirs, to any depth. */
static void free_items(struct seen *s) {
    while (s) {
        struct seen *item = s->item;
        free_seen(s);
        s = item;
    }
}

void walk_forget(struct walk *w) {
    for (uint32_t i = 0; i < w->mapcap; i++) free_items(w->map[i]);
    free_items(w->root);
    if (w->map) memset(w->map, 0, w->mapcap * sizeof *w->map);
    w->nmap = w->nseen = 0;
    w->root = NULL;
    arena_reset(&w->nodes);
}

void walk_free(struct walk *w) {
    walk_forget(w);
    arena_free(&w->nodes);
    arena_free(&w->a);
    free(w->map);
    free(w->active);
    free(w->fresh);
    free(w->members);
    buf_free(&w->key);
}

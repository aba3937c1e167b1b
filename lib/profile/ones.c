/* See ones.h. A value is looked at closely (number? date? how long?) once per batch, however often it occurs in it. */
#include "profile/ones.h"

#define SEED_TEXT 1
#define SEED_PLAIN 2

static uint32_t slot_of(const struct seen *s, uint64_t hash, uint64_t salt) {
    return (uint32_t)(hash * salt >> 32) & s->mask;
}

static struct one *push(struct seen *s, const struct jtok *t, const char *p, uint64_t hash) {
    if (s->n == s->cap) {
        s->cap = s->cap ? s->cap * 2 : 8;
        s->ones = mem_grow(s->ones, s->cap * sizeof *s->ones);
    }
    struct one *o = &s->ones[s->n++];
    *o = (struct one){.hash = hash, .p = p, .len = t->len, .count = 1, .type = t->type, .flags = t->flags};
    return o;
}

static void push_id(struct seen *s, uint32_t id) {
    if (s->nids == s->idcap) {
        s->idcap = s->idcap ? s->idcap * 2 : 16;
        s->ids = mem_grow(s->ids, s->idcap * sizeof *s->ids);
    }
    s->ids[s->nids++] = id;
}

static void widen(struct seen *s, uint64_t salt) {
    uint32_t size = s->slots ? (s->mask + 1) * 2 : 16;
    free(s->slots);
    s->slots = mem_alloc(size * sizeof *s->slots);
    s->mask = size - 1;
    for (uint32_t i = 0; i < s->n; i++) {
        uint32_t k = slot_of(s, s->ones[i].hash, salt);
        while (s->slots[k]) k = (k + 1) & s->mask;
        s->slots[k] = i + 1;
    }
}

void ones_add(struct seen *s, struct jval v, uint64_t salt) {
    const struct jtok *t = jv_tok(v);
    const char *p = v.text + t->off;
    uint64_t hash = value_hash(p, t->len, t->type == JT_STR ? SEED_TEXT : SEED_PLAIN);
    if (s->direct) {
        push(s, t, p, hash);
        return;
    }
    if (!s->slots || s->n * 2 > s->mask) widen(s, salt);
    uint32_t k = slot_of(s, hash, salt);
    for (; s->slots[k]; k = (k + 1) & s->mask) {
        struct one *o = &s->ones[s->slots[k] - 1];
        if (o->hash != hash || o->len != t->len || o->type != t->type || memcmp(o->p, p, t->len) != 0) continue;
        o->count++;
        push_id(s, s->slots[k] - 1);
        return;
    }
    push(s, t, p, hash);
    s->slots[k] = s->n;
    push_id(s, s->n - 1);
}

static void mean_text(struct one *o, struct arena *a) {
    if (o->flags & JF_ESC) {
        struct jtok t = {.len = o->len, .type = JT_STR, .flags = o->flags};
        size_t n;
        o->p = jv_str((struct jval){o->p, &t, 0}, a, &n);
        o->len = (uint32_t)n;
        o->hash = value_hash(o->p, n, SEED_TEXT);
        o->flags |= JF_HIGH; /* perhaps */
    }
    o->kind = (uint8_t)kind_of_text(o->p, o->len, &o->num, &o->zoned);
}

static void mean_number(struct one *o, struct arena *a) {
    o->kind = o->flags & JF_INT ? KIND_INTEGER : KIND_NUMBER;
    o->num = kind_number(o->p, o->len);
    if (o->kind == KIND_INTEGER && o->len <= 21 && !(o->len == 2 && o->p[0] == '-' && o->p[1] == '0')) return;
    size_t n;
    o->p = kind_canonical(a, o->p, o->len, &n); /* 1.0 and 1 are one value */
    o->len = (uint32_t)n;
    o->hash = value_hash(o->p, n, SEED_PLAIN);
}

void ones_end(struct seen *s, struct arena *a) {
    uint64_t came = 0;
    for (uint32_t i = 0; i < s->n; i++) {
        struct one *o = &s->ones[i];
        if (o->type == JT_STR)
            mean_text(o, a);
        else if (o->type == JT_NUM)
            mean_number(o, a);
        else
            o->kind = KIND_BOOLEAN;
        struct scalar v = {.kind = (enum kind)o->kind,
                           .quoted = o->type == JT_STR,
                           .zoned = o->zoned,
                           .high = (o->flags & JF_HIGH) != 0,
                           .num = o->num,
                           .text = o->p,
                           .len = o->len,
                           .count = o->count};
        tally_add(&s->t, &v);
        came += o->count;
    }
    s->came = came;
}

void ones_clear(struct seen *s) {
    /* now and then it is looked again whether values repeat */
    bool rare = s->came >= 64 && (uint64_t)s->n * 10 > s->came * 7 && s->batch % 16 != 0;
    if (s->slots && !s->direct) memset(s->slots, 0, ((size_t)s->mask + 1) * sizeof *s->slots);
    s->n = s->nids = 0;
    s->came = 0;
    s->direct = rare;
}

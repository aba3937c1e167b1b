/*
 * Rules that need all records: unique keys, the order of events in a group, a value that stays the same in a group.
 * Each record leaves a small entry; sorted by key, every group lies together and is judged as it streams by.
 */
#include "base/hash.h"
#include "quality/quality_impl.h"

enum key_kind { KEY_NULL, KEY_UUID, KEY_LONG, KEY_OTHER, KEY_SHORT = 16 /* plus its length */ };

void put_be64(uint8_t to[8], uint64_t x) {
    for (int i = 0; i < 8; i++) to[i] = (uint8_t)(x >> (56 - 8 * i));
}

uint64_t get_be64(const uint8_t from[8]) {
    uint64_t x = 0;
    for (int i = 0; i < 8; i++) x = x << 8 | from[i];
    return x;
}

/* Canonical lower-case UUID text to its 16 bytes. */
static bool uuid_bytes(struct sv s, uint8_t out[16]) {
    static const uint8_t hex[256] = {
        ['0'] = 1, ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
        ['8'] = 9, ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16};
    if (s.n != 36) return false;
    for (size_t i = 0, k = 0; i < 36;) {
        if (i == 8 || i == 13 || i == 18 || i == 23) {
            if (s.p[i++] != '-') return false;
            continue;
        }
        int hi = hex[(unsigned char)s.p[i]], lo = hex[(unsigned char)s.p[i + 1]];
        if (!hi || !lo) return false;
        out[k++] = (uint8_t)((hi - 1) << 4 | (lo - 1));
        i += 2;
    }
    return true;
}

/* One text for equal values: 7, 7.0 and 70e-1 are one number, true is 1 and false 0, as in the system that etl
 * replaces. Whole numbers that a double cannot hold stay as they are written. */
static struct sv scalar_text(struct jval v, char *to, size_t n) {
    int64_t x;
    int len = -1;
    if (jv_type(v) == JT_TRUE || jv_type(v) == JT_FALSE)
        len = snprintf(to, n, "%d", jv_type(v) == JT_TRUE);
    else if (jv_type(v) == JT_NUM && jv_int(v, &x))
        len = snprintf(to, n, "%lld", (long long)x);
    else if (jv_type(v) == JT_NUM && !(jv_tok(v)->flags & JF_INT))
        len = snprintf(to, n, "%.17g", jv_num(v));
    return len < 0 ? jv_raw(v) : (struct sv){to, (size_t)len};
}

void key_of(struct jval v, uint8_t key[KEY_SIZE]) {
    memset(key, 0, KEY_SIZE);
    if (!v.t || jv_type(v) == JT_NULL) return;
    struct sv s = jv_raw(v);
    struct buf b = {0};
    uint64_t h[2];
    if (jv_type(v) != JT_STR) {
        char text[64];
        s = scalar_text(v, text, sizeof text);
        siphash128(s.p, s.n, h);
        memcpy(key, h, 16);
        key[16] = KEY_OTHER;
        return;
    }
    if (jv_tok(v)->flags & JF_ESC) {
        jv_unescape(v, &b);
        s = (struct sv){b.p, b.n};
    }
    if (uuid_bytes(s, key)) {
        key[16] = KEY_UUID;
    } else if (s.n <= 15) {
        memset(key, 0, 16);
        memcpy(key, s.p, s.n);
        key[16] = (uint8_t)(KEY_SHORT + s.n);
    } else {
        siphash128(s.p, s.n, h);
        memcpy(key, h, 16);
        key[16] = KEY_LONG;
    }
    buf_free(&b);
}

const char *key_text(const uint8_t key[KEY_SIZE], struct arena *a) {
    if (key[16] == KEY_NULL) return "null";
    if (key[16] >= KEY_SHORT) return arena_fmt(a, "\"%.*s\"", key[16] - KEY_SHORT, (const char *)key);
    if (key[16] != KEY_UUID) return "...";
    char *s = arena_alloc(a, 40);
    size_t n = 0;
    s[n++] = '"';
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) s[n++] = '-';
        s[n++] = "0123456789abcdef"[key[i] >> 4];
        s[n++] = "0123456789abcdef"[key[i] & 15];
    }
    s[n] = '"';
    return s;
}

/* Events are ordered by the text of the field, as in the system that etl replaces; ISO timestamps of one form sort by
 * time so. Absent ones come first. */
void order_of(struct jval v, uint8_t order[ORDER_SIZE]) {
    memset(order, 0, ORDER_SIZE);
    if (!v.t || jv_type(v) == JT_NULL) return;
    struct buf b = {0};
    struct sv s = jv_raw(v);
    if (jv_type(v) == JT_STR && jv_tok(v)->flags & JF_ESC) {
        jv_unescape(v, &b);
        s = (struct sv){buf_text(&b), b.n};
    }
    memcpy(order, s.p, s.n < ORDER_SIZE ? s.n : ORDER_SIZE);
    buf_free(&b);
}

static void *entry_room(const struct check *c, size_t i, struct qout *out) {
    if (out->nentries[i] == out->ecap[i]) {
        out->ecap[i] = out->ecap[i] ? out->ecap[i] * 2 : 1024;
        out->entries[i] = mem_grow(out->entries[i], out->ecap[i] * c->entry);
    }
    return out->entries[i] + out->nentries[i]++ * c->entry;
}

static uint64_t event_of(const struct check *c, struct jval v) {
    if (!v.t || jv_type(v) != JT_STR) return 0;
    for (size_t i = 0; i < c->events.n; i++)
        if (sv_is(jv_raw(v), c->events.s[i])) return (uint64_t)1 << i;
    return 0;
}

void group_collect(const struct quality *q, const struct rec *r, uint64_t seq, struct qout *out) {
    const struct jval *vals = out->vals;
    for (size_t i = 0; i < q->nchecks; i++) {
        const struct check *c = &q->checks[i];
        if (!c->entry) continue;
        void *room = entry_room(c, i, out);
        if (c->src->kind == CHECK_UNIQUE) {
            struct unique_entry e = {.file = r->file, .line = r->line};
            key_of(vals[c->slot], e.key);
            put_be64(e.seq, seq);
            memcpy(room, &e, sizeof e);
        } else if (c->src->kind == CHECK_SEQUENCE) {
            struct sequence_entry e = {.file = r->file, .line = r->line, .event = event_of(c, vals[c->event])};
            key_of(vals[c->group], e.key);
            order_of(vals[c->order], e.order);
            put_be64(e.seq, seq);
            memcpy(room, &e, sizeof e);
        } else {
            struct constant_entry e = {.file = r->file, .line = r->line};
            key_of(vals[c->group], e.key);
            key_of(vals[c->constant], e.value);
            put_be64(e.seq, seq);
            memcpy(room, &e, sizeof e);
        }
    }
}

static int judge_unique(struct quality *q, uint32_t i, struct err *e) {
    struct sorter *s = q->checks[i].sorter;
    struct quality_check *res = &q->results[i];
    struct unique_entry first = {0};
    bool any = false, kept = false;
    int rc;
    for (const struct unique_entry *u; (u = sorter_next(s, &rc, e));) {
        if (!any || memcmp(u->key, first.key, KEY_SIZE) != 0) {
            first = *u;
            any = true;
            kept = u->good;
            continue;
        }
        res->failed++;
        if (res->nsamples < QUALITY_SAMPLES)
            add_sample(q, i,
                       (struct quality_sample){
                           .line = u->line,
                           .file = u->file,
                           .field = q->checks[i].src->field,
                           .found = key_text(u->key, &q->a),
                           .expected = arena_fmt(&q->a, "unique (line %llu)", (unsigned long long)first.line)});
        if (u->good && kept && q->checks[i].src->reject) {
            struct drop_entry d = {.file = u->file, .line = u->line, .first = first.line, .check = i};
            put_be64(d.ordinal, u->ordinal);
            rc = sorter_add(q->drops, &d, e);
            if (rc) return rc;
            q->duplicates++;
        }
        kept = kept || u->good;
    }
    return rc;
}

static void judge_session(struct quality *q, uint32_t i, uint64_t seen, uint64_t broken_first, const uint8_t *key,
                          uint64_t line, uint32_t file) {
    const struct check *c = &q->checks[i];
    struct quality_check *res = &q->results[i];
    res->total++;
    for (size_t k = 0; k < c->nrules; k++) {
        const struct rule *r = &c->rules[k];
        bool broken = r->has ? (seen & r->has) && !(seen & r->others) : (broken_first >> k & 1) != 0;
        if (!broken) continue;
        res->failed++;
        if (res->nsamples < QUALITY_SAMPLES)
            add_sample(q, i,
                       (struct quality_sample){.line = line,
                                               .file = file,
                                               .field = c->src->group,
                                               .expected = r->expected,
                                               .found = key_text(key, &q->a)});
    }
}

static int judge_sequence(struct quality *q, uint32_t i, struct err *e) {
    const struct check *c = &q->checks[i];
    uint8_t key[KEY_SIZE] = {0};
    uint64_t seen = 0, broken = 0, line = 0;
    uint32_t file = 0;
    bool any = false;
    int rc;
    for (const struct sequence_entry *s; (s = sorter_next(c->sorter, &rc, e));) {
        if (!any || memcmp(s->key, key, KEY_SIZE) != 0) {
            if (any) judge_session(q, i, seen, broken, key, line, file);
            memcpy(key, s->key, KEY_SIZE);
            any = true;
            seen = broken = 0;
            line = s->line;
            file = s->file;
        }
        for (size_t k = 0; s->event && k < c->nrules; k++)
            if (c->rules[k].first == s->event && !(seen & s->event) && !(seen & c->rules[k].others))
                broken |= (uint64_t)1 << k;
        seen |= s->event;
    }
    if (any && rc == ERR_OK) judge_session(q, i, seen, broken, key, line, file);
    return rc;
}

static int judge_constant(struct quality *q, uint32_t i, struct err *e) {
    const struct check *c = &q->checks[i];
    struct quality_check *res = &q->results[i];
    struct constant_entry first = {0};
    bool any = false;
    int rc;
    for (const struct constant_entry *s; (s = sorter_next(c->sorter, &rc, e));) {
        if (!any || memcmp(s->key, first.key, KEY_SIZE) != 0) {
            first = *s;
            any = true;
        } else if (memcmp(s->value, first.value, KEY_SIZE) != 0) {
            res->failed++;
            if (res->nsamples < QUALITY_SAMPLES)
                add_sample(q, i,
                           (struct quality_sample){.line = s->line,
                                                   .file = s->file,
                                                   .field = c->src->constant,
                                                   .expected = key_text(first.value, &q->a),
                                                   .found = key_text(s->value, &q->a)});
        }
    }
    return rc;
}

int group_judge(struct quality *q, struct err *e) {
    int rc = ERR_OK;
    for (uint32_t i = 0; i < q->nchecks && rc == ERR_OK; i++) {
        if (!q->checks[i].sorter) continue;
        rc = sorter_finish(q->checks[i].sorter, e);
        if (rc) break;
        if (q->checks[i].src->kind == CHECK_UNIQUE)
            rc = judge_unique(q, i, e);
        else if (q->checks[i].src->kind == CHECK_SEQUENCE)
            rc = judge_sequence(q, i, e);
        else
            rc = judge_constant(q, i, e);
        sorter_free(q->checks[i].sorter);
        q->checks[i].sorter = NULL;
    }
    return rc;
}

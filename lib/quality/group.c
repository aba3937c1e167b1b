/*
 * Rules that need all records: unique keys, the order of events in a group, a value that stays the same in a group.
 *
 * Workers make keys and hashes; the calling thread, in the order of the input, keeps in a table for each key the
 * little that its verdict needs. When the tables have taken the memory they were given, they are frozen: a key that is
 * in goes on there, one that is not goes to the external sort of judge.c. As no key is ever in both, the counts are
 * exact in any memory. What decides when that happens is the number of keys, so it is the same whatever the threads.
 */
#include "quality/quality_impl.h"

/* How far ahead memory is asked for: tags first, then, when they have come, the slot that they point to. */
#define AHEAD_TAGS 20
#define AHEAD_SLOT 10

static uint64_t event_of(const struct check *c, const struct qout *o) {
    if (!c->events.n) return 0;
    const struct jtok *t = token_at(o, c->event[0].slot);
    if (!t || t->type != JT_STR) return 0;
    for (size_t i = 0; i < c->events.n; i++)
        if (is_one_of(&c->event[i], o)) return (uint64_t)1 << i;
    return 0;
}

/* Events are ordered by the text of the field, as in the system that etl replaces; ISO timestamps of one form sort by
 * time so. Absent ones come first. */
static void collect_event(const struct check *c, struct event *ev, struct qout *out) {
    struct jval v = value_at(out, c->order);
    ev->bit = event_of(c, out);
    ev->text = "";
    ev->n = 0;
    ev->order = (struct order){0};
    if (!v.t || jv_type(v) == JT_NULL) return;
    struct word text = value_word(v, &out->a);
    ev->text = text.p;
    ev->n = (uint32_t)text.n;
    ev->order = order_pack(text.p, text.n, stamp_of(out, c->order, &text));
}

void group_collect(const struct quality *q, uint32_t index, struct qout *out) {
    uint32_t k = out->nobjects++;
    out->objects[k] = index;
    for (size_t i = 0; i < q->ngroupings; i++) {
        const struct grouping *g = &q->groupings[i];
        struct hashed *h = &out->keys[i][k];
        key_of(value_at(out, g->slot), &h->key);
        h->hash = keytable_hash(h->key);
        for (size_t j = 0; j < g->n; j++) {
            const struct check *c = &q->checks[g->checks[j]];
            if (c->kind == CHECK_UNIQUE) continue;
            union item *item = &out->items[g->checks[j]][k];
            if (c->kind == CHECK_SEQUENCE)
                collect_event(c, &item->event, out);
            else
                key_of(value_at(out, c->constant), &item->value);
        }
    }
}

/* The record at hand and what its key is. */
struct at {
    const struct rec *r;
    const struct key *key;
    uint64_t seq;
    uint32_t rec, k; /* in the batch; among its objects */
};

static int sort_event(struct quality *q, const struct check *c, const struct at *at, const struct event *ev,
                      struct err *e) {
    struct sequence_entry s = {.file = at->r->file, .line = at->r->line, .event = ev->bit};
    (void)q;
    key_bytes(at->key, s.key);
    memcpy(s.order, ev->text, ev->n < ORDER_SIZE ? ev->n : ORDER_SIZE);
    put_be64(s.seq, at->seq);
    return sorter_add(c->sorter, &s, e);
}

static int sort_value(const struct check *c, const struct at *at, const struct key *value, struct err *e) {
    struct constant_entry s = {.file = at->r->file, .line = at->r->line};
    key_bytes(at->key, s.key);
    key_bytes(value, s.value);
    put_be64(s.seq, at->seq);
    return sorter_add(c->sorter, &s, e);
}

static void add_dup(struct dup **list, size_t *n, size_t *cap, struct dup d) {
    if (*n == *cap) {
        *cap = *cap ? *cap * 2 : 256;
        *list = mem_grow(*list, *cap * sizeof **list);
    }
    (*list)[(*n)++] = d;
}

int group_late(struct quality *q, const struct dup *late, const struct batch *b, const struct qout *o, uint64_t ordinal,
               struct err *e) {
    const struct rec *r = &b->r[late->rec];
    struct unique_entry u = {.file = r->file, .line = r->line, .good = !o->bad[late->rec], .ordinal = ordinal};
    key_bytes(&o->keys[late->first >> 32][(uint32_t)late->first].key, u.key);
    put_be64(u.seq, b->seq + late->rec);
    return sorter_add(q->checks[late->check].sorter, &u, e);
}

int group_drop(struct quality *q, uint32_t check, const struct rec *r, uint64_t first, uint64_t ordinal,
               struct err *e) {
    struct drop_entry d = {.file = r->file, .line = r->line, .first = first};
    put_be64(d.ordinal, ordinal);
    for (int i = 0; i < 4; i++) d.check[i] = (uint8_t)(check >> (24 - 8 * i));
    q->duplicates++;
    return sorter_add(q->drops, &d, e);
}

/* The key has been seen before. */
static void take_unique(struct quality *q, uint32_t i, const struct at *at, const struct kslot *s, bool good) {
    struct rank rank = {{at->seq, 1, 0}};
    q->results[i].failed++;
    if (sample_wanted(q, i, rank)) {
        q->line.n = 0;
        buf_fmt(&q->line, "unique (line %llu)", (unsigned long long)s->line);
        sample_add(q, i, rank,
                   (struct quality_sample){.line = at->r->line,
                                           .file = at->r->file,
                                           .field = q->checks[i].src->field,
                                           .expected = q->line.p,
                                           .found = key_text(at->key, &q->shown[0])});
    }
    if (good && s->flag && q->checks[i].src->reject)
        add_dup(&q->dups, &q->ndups, &q->dcap, (struct dup){at->rec, i, s->line});
}

static void take_value(struct quality *q, uint32_t i, const struct at *at, uint8_t *part, bool added,
                       const struct key *value) {
    struct key first = {.kind = part[16]};
    if (added) {
        key_bytes(value, part);
        return;
    }
    memcpy(first.w, part, 16);
    if (first.w[0] == value->w[0] && first.w[1] == value->w[1] && first.kind == value->kind) return;
    struct rank rank = {{at->seq, 1, 0}};
    q->results[i].failed++;
    if (!sample_wanted(q, i, rank)) return;
    sample_add(q, i, rank,
               (struct quality_sample){.line = at->r->line,
                                       .file = at->r->file,
                                       .field = q->checks[i].src->constant,
                                       .expected = key_text(&first, &q->shown[0]),
                                       .found = key_text(value, &q->shown[1])});
}

static void put_order(uint8_t *to, struct order o) {
    memcpy(to, &o.hi, 8);
    memcpy(to + 8, &o.lo, 4);
}
static struct order get_order(const uint8_t *from, uint8_t form) {
    struct order o = {.form = form};
    memcpy(&o.hi, from, 8);
    memcpy(&o.lo, from + 8, 4);
    return o;
}
static int order_compare(struct order x, struct order y) {
    if (x.hi != y.hi) return x.hi < y.hi ? -1 : 1;
    return x.lo < y.lo ? -1 : x.lo > y.lo;
}

/* The mask of a group's events, as many bytes as there are events for. */
static uint64_t get_seen(const struct check *c, const uint8_t *part) {
    uint64_t seen = 0;
    for (size_t i = 0; i < (c->events.n + 7) / 8; i++) seen |= (uint64_t)part[SEQ_SEEN + i] << 8 * i;
    return seen;
}
static void put_seen(const struct check *c, uint8_t *part, uint64_t seen) {
    for (size_t i = 0; i < (c->events.n + 7) / 8; i++) part[SEQ_SEEN + i] = (uint8_t)(seen >> 8 * i);
}

/* Was the first-event of the rule there before any of the others? */
static bool first_is_early(const struct rule *r, const uint8_t *part, uint64_t seen) {
    const uint8_t *block = part + r->block;
    if (!(seen & r->first)) return false;
    if (!(seen & r->others)) return true;
    int order = order_compare(get_order(block + 1, 0), get_order(block + 13, 0));
    return order < 0 || (order == 0 && !block[0]);
}

/* A later record has a larger number, so of equal orders the one that is there stays. */
static void take_order(const struct rule *r, uint8_t *part, uint64_t seen, const struct event *ev) {
    uint8_t *block = part + r->block;
    bool first = (ev->bit & r->first) && (!(seen & r->first) || order_compare(ev->order, get_order(block + 1, 0)) < 0);
    bool other =
        (ev->bit & r->others) && (!(seen & r->others) || order_compare(ev->order, get_order(block + 13, 0)) < 0);
    if (first) put_order(block + 1, ev->order);
    if (other) put_order(block + 13, ev->order);
    if (first || other) /* equal, and the other was there: both of one record count as the first-event's */
        block[0] = first && !other && (seen & r->others) && order_compare(ev->order, get_order(block + 13, 0)) == 0;
}

/* A group with an order text that cannot be compared as a number goes to the sorter: what is known of it as entries
 * older than any of its events to come. */
static int evict(struct quality *q, const struct check *c, const struct kslot *s, uint8_t *part, struct err *e) {
    uint64_t seen = get_seen(c, part);
    uint8_t form = part[0] & SEQ_FORM;
    struct key key = {{s->key[0], s->key[1]}, s->kind};
    struct sequence_entry known = {.file = (uint32_t)s->file, .line = s->line, .event = seen, .made = MADE_SEEN};
    (void)q;
    key_bytes(&key, known.key);
    int rc = sorter_add(c->sorter, &known, e);
    for (size_t k = 0; k < c->nrules && rc == ERR_OK; k++) {
        const struct rule *r = &c->rules[k];
        const uint8_t *block = part + r->block;
        if (!r->first) continue;
        known.rule = (uint16_t)k;
        if (seen & r->first) {
            known.made = MADE_FIRST;
            order_text(get_order(block + 1, form), known.order);
            put_be64(known.seq, block[0]);
            rc = sorter_add(c->sorter, &known, e);
        }
        if (rc == ERR_OK && seen & r->others) {
            known.made = MADE_OTHERS;
            order_text(get_order(block + 13, form), known.order);
            put_be64(known.seq, !block[0]);
            rc = sorter_add(c->sorter, &known, e);
        }
    }
    part[0] |= SEQ_EVICTED;
    return rc;
}

static int take_event(struct quality *q, uint32_t i, const struct at *at, const struct kslot *s, uint8_t *part,
                      const struct event *ev, struct err *e) {
    const struct check *c = &q->checks[i];
    uint8_t form = part[0] & SEQ_FORM;
    if (part[0] & SEQ_EVICTED) return sort_event(q, c, at, ev, e);
    if (!ev->bit) return ERR_OK;
    uint64_t seen = get_seen(c, part);
    if (ev->bit & c->ordered) {
        if (ev->order.form != form && ev->order.form != FORM_EMPTY) {
            if (form != FORM_EMPTY || ev->order.form == FORM_ODD) {
                int rc = evict(q, c, s, part, e);
                return rc ? rc : sort_event(q, c, at, ev, e);
            }
            part[0] |= ev->order.form;
        }
        for (size_t k = 0; k < c->nrules; k++)
            if (c->rules[k].first) take_order(&c->rules[k], part, seen, ev);
    }
    if (!(seen & ev->bit)) put_seen(c, part, seen | ev->bit);
    return ERR_OK;
}

/* No room in the table: to the sorters. A unique key waits until its record's fate is known. */
static int take_sorted(struct quality *q, uint32_t gi, const struct at *at, const struct qout *o, struct err *e) {
    const struct grouping *g = &q->groupings[gi];
    int rc = ERR_OK;
    for (size_t j = 0; j < g->n && rc == ERR_OK; j++) {
        uint32_t i = g->checks[j];
        const struct check *c = &q->checks[i];
        if (c->kind == CHECK_UNIQUE)
            add_dup(&q->late, &q->nlate, &q->lcap, (struct dup){at->rec, i, (uint64_t)gi << 32 | at->k});
        else if (c->kind == CHECK_SEQUENCE)
            rc = sort_event(q, c, at, &o->items[i][at->k].event, e);
        else
            rc = sort_value(c, at, &o->items[i][at->k].value, e);
    }
    return rc;
}

static int take_slot(struct quality *q, const struct grouping *g, const struct at *at, struct kslot *s, bool added,
                     const struct qout *o, struct err *e) {
    bool good = !o->bad[at->rec];
    int rc = ERR_OK;
    for (size_t j = 0; j < g->n && rc == ERR_OK; j++) {
        uint32_t i = g->checks[j];
        const struct check *c = &q->checks[i];
        uint8_t *part = s->payload + c->part;
        if (c->kind == CHECK_SEQUENCE)
            rc = take_event(q, i, at, s, part, &o->items[i][at->k].event, e);
        else if (c->kind != CHECK_UNIQUE)
            take_value(q, i, at, part, added, &o->items[i][at->k].value);
        else if (!added)
            take_unique(q, i, at, s, good);
    }
    if (good && !s->flag) s->flag = 1; /* a record of this key was accepted */
    return rc;
}

static struct kslot *slot_for(struct quality *q, struct grouping *g, const struct hashed *h, const struct rec *r,
                              bool *added) {
    *added = false;
    if (q->room < (int64_t)g->cost) return keytable_find(&g->table, &h->key, h->hash);
    if (r->line >= KSLOT_LINES || r->file >= KSLOT_FILES) { /* more than a slot can tell: no new keys from here on */
        q->room = 0;
        return keytable_find(&g->table, &h->key, h->hash);
    }
    struct kslot *s = keytable_add(&g->table, &h->key, h->hash, added);
    if (!s) q->room = 0;
    if (!s || !*added) return s;
    q->room -= (int64_t)g->cost;
    s->line = r->line & (KSLOT_LINES - 1);
    s->file = r->file & (KSLOT_FILES - 1);
    return s;
}

static int take_grouping(struct quality *q, uint32_t gi, const struct batch *b, struct qout *o, struct err *e) {
    struct grouping *g = &q->groupings[gi];
    const struct hashed *h = o->keys[gi];
    int rc = ERR_OK;
    for (uint32_t k = 0; k < o->nobjects && rc == ERR_OK; k++) {
        if (k + AHEAD_TAGS < o->nobjects) keytable_prefetch_tags(&g->table, h[k + AHEAD_TAGS].hash);
        if (k + AHEAD_SLOT < o->nobjects) keytable_prefetch_slot(&g->table, h[k + AHEAD_SLOT].hash);
        uint32_t rec = o->objects[k];
        struct at at = {&b->r[rec], &h[k].key, b->seq + rec, rec, k};
        bool added;
        struct kslot *s = slot_for(q, g, &h[k], at.r, &added);
        rc = s ? take_slot(q, g, &at, s, added, o, e) : take_sorted(q, gi, &at, o, e);
    }
    return rc;
}

static int by_record(const void *x, const void *y) {
    const struct dup *a = x, *b = y;
    if (a->rec != b->rec) return a->rec < b->rec ? -1 : 1;
    return a->check < b->check ? -1 : a->check > b->check;
}

int group_take(struct quality *q, const struct batch *b, struct qout *o, struct err *e) {
    int rc = ERR_OK;
    q->ndups = q->nlate = 0;
    for (uint32_t i = 0; i < q->ngroupings && rc == ERR_OK; i++) rc = take_grouping(q, i, b, o, e);
    if (q->nunique > 1) { /* came check by check */
        if (q->ndups > 1) qsort(q->dups, q->ndups, sizeof *q->dups, by_record);
        if (q->nlate > 1) qsort(q->late, q->nlate, sizeof *q->late, by_record);
    }
    return rc;
}

static void finish_sequence(struct quality *q, uint32_t i, const struct kslot *s) {
    const struct check *c = &q->checks[i];
    const uint8_t *part = s->payload + c->part;
    if (part[0] & SEQ_EVICTED) return;
    uint64_t seen = get_seen(c, part), broken = 0;
    for (size_t k = 0; k < c->nrules; k++)
        if (c->rules[k].first && first_is_early(&c->rules[k], part, seen)) broken |= (uint64_t)1 << k;
    struct key key = {{s->key[0], s->key[1]}, s->kind};
    judge_session(q, i, seen, broken, &key, s->line, (uint32_t)s->file);
}

int group_finish(struct quality *q, struct err *e) {
    for (size_t gi = 0; gi < q->ngroupings; gi++) {
        struct grouping *g = &q->groupings[gi];
        bool sequences = false;
        for (size_t j = 0; j < g->n; j++) sequences |= q->checks[g->checks[j]].kind == CHECK_SEQUENCE;
        uint64_t at = 0;
        for (const struct kslot *s; sequences && (s = keytable_each(&g->table, &at));)
            for (size_t j = 0; j < g->n; j++)
                if (q->checks[g->checks[j]].kind == CHECK_SEQUENCE) finish_sequence(q, g->checks[j], s);
        keytable_free(&g->table);
    }
    return group_judge(q, e);
}

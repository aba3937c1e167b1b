/* The keys that the tables had no room for: sorted, every group lies together and is judged as it streams by. */
#include "quality/quality_impl.h"

static struct key key_from(const uint8_t bytes[KEY_SIZE]) {
    struct key k = {.kind = bytes[16]};
    memcpy(k.w, bytes, 16);
    return k;
}

static void sample_unique(struct quality *q, uint32_t i, const struct unique_entry *u, uint64_t first) {
    struct rank rank = {{get_be64(u->seq), 1, 0}};
    if (!sample_wanted(q, i, rank)) return;
    struct key key = key_from(u->key);
    q->line.n = 0;
    buf_fmt(&q->line, "unique (line %llu)", (unsigned long long)first);
    sample_add(q, i, rank,
               (struct quality_sample){.line = u->line,
                                       .file = u->file,
                                       .field = q->checks[i].src->field,
                                       .found = key_text(&key, &q->shown[0]),
                                       .expected = q->line.p});
}

static int judge_unique(struct quality *q, uint32_t i, struct err *e) {
    struct sorter *s = q->checks[i].sorter;
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
        q->results[i].failed++;
        sample_unique(q, i, u, first.line);
        if (u->good && kept && q->checks[i].src->reject) {
            struct rec r = {.line = u->line, .file = u->file};
            rc = group_drop(q, i, &r, first.line, u->ordinal, e);
            if (rc) return rc;
        }
        kept = kept || u->good;
    }
    return rc;
}

void judge_session(struct quality *q, uint32_t i, uint64_t seen, uint64_t broken_first, const struct key *key,
                   uint64_t line, uint32_t file) {
    const struct check *c = &q->checks[i];
    uint8_t bytes[16];
    q->results[i].total++;
    for (size_t k = 0; k < c->nrules; k++) {
        const struct rule *r = &c->rules[k];
        bool broken = r->has ? (seen & r->has) && !(seen & r->others) : (broken_first >> k & 1) != 0;
        if (!broken) continue;
        q->results[i].failed++;
        /* in the order of the groups' first records; those of one line by their keys */
        memcpy(bytes, key->w, 16);
        struct rank rank = {{(uint64_t)file << 40 | line, get_be64(bytes), get_be64(bytes + 8)}};
        if (sample_wanted(q, i, rank))
            sample_add(q, i, rank,
                       (struct quality_sample){.line = line,
                                               .file = file,
                                               .field = c->src->group,
                                               .expected = r->expected,
                                               .found = key_text(key, &q->shown[0])});
    }
}

/* A group as its entries come in their order. */
struct session {
    struct key key;
    uint64_t seen, broken, firsts, others; /* the last three: bits of rules */
    uint64_t line, seq;
    uint32_t file;
};

static void session_event(const struct check *c, struct session *s, const struct sequence_entry *x) {
    for (size_t k = 0; k < c->nrules; k++) {
        const struct rule *r = &c->rules[k];
        uint64_t bit = (uint64_t)1 << k;
        bool known = x->made != MADE_EVENT && x->rule == k;
        bool first = x->made == MADE_EVENT ? (x->event & r->first) != 0 : x->made == MADE_FIRST && known;
        bool other = x->made == MADE_EVENT ? (x->event & r->others) != 0 : x->made == MADE_OTHERS && known;
        if (!r->first) continue;
        if (first && !(s->firsts & bit) && !(s->others & bit)) s->broken |= bit;
        if (first) s->firsts |= bit;
        if (other) s->others |= bit;
    }
    if (x->made == MADE_EVENT || x->made == MADE_SEEN) s->seen |= x->event;
}

static int judge_sequence(struct quality *q, uint32_t i, struct err *e) {
    const struct check *c = &q->checks[i];
    uint8_t key[KEY_SIZE] = {0};
    struct session s = {0};
    bool any = false;
    int rc;
    for (const struct sequence_entry *x; (x = sorter_next(c->sorter, &rc, e));) {
        uint64_t seq = get_be64(x->seq);
        if (!any || memcmp(x->key, key, KEY_SIZE) != 0) {
            if (any) judge_session(q, i, s.seen, s.broken, &s.key, s.line, s.file);
            memcpy(key, x->key, KEY_SIZE);
            any = true;
            s = (struct session){.key = key_from(key), .line = x->line, .file = x->file, .seq = seq};
        }
        if (seq < s.seq) { /* the group is told by its first record in the input */
            s.seq = seq;
            s.line = x->line;
            s.file = x->file;
        }
        session_event(c, &s, x);
    }
    if (any && rc == ERR_OK) judge_session(q, i, s.seen, s.broken, &s.key, s.line, s.file);
    return rc;
}

static int judge_constant(struct quality *q, uint32_t i, struct err *e) {
    const struct check *c = &q->checks[i];
    struct constant_entry first = {0};
    bool any = false;
    int rc;
    for (const struct constant_entry *s; (s = sorter_next(c->sorter, &rc, e));) {
        if (!any || memcmp(s->key, first.key, KEY_SIZE) != 0) {
            first = *s;
            any = true;
            continue;
        }
        if (memcmp(s->value, first.value, KEY_SIZE) == 0) continue;
        struct rank rank = {{get_be64(s->seq), 1, 0}};
        q->results[i].failed++;
        if (!sample_wanted(q, i, rank)) continue;
        struct key expected = key_from(first.value), found = key_from(s->value);
        sample_add(q, i, rank,
                   (struct quality_sample){.line = s->line,
                                           .file = s->file,
                                           .field = c->src->constant,
                                           .expected = key_text(&expected, &q->shown[0]),
                                           .found = key_text(&found, &q->shown[1])});
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

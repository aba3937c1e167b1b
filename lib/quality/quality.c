/* The pass over the records and the verdict; see quality.h. Rules are in row.c, group.c and judge.c. */
#include "quality/quality.h"

#include "quality/quality_impl.h"

struct quality *quality_new(const struct quality_cfg *cfg) {
    struct quality *q = mem_alloc(sizeof *q);
    q->cfg = *cfg;
    plan_checks(q);
    return q;
}

void quality_free(struct quality *q) {
    if (!q) return;
    for (size_t i = 0; i < q->nchecks; i++) sorter_free(q->checks[i].sorter);
    sorter_free(q->drops);
    for (size_t i = 0; i < q->ngroupings; i++) {
        keytable_free(&q->groupings[i].table);
        free(q->groupings[i].checks);
    }
    samples_free(q);
    free(q->groupings);
    free(q->sets);
    free(q->fields.name);
    free(q->fields.table);
    free(q->dups);
    free(q->late);
    buf_free(&q->line);
    buf_free(&q->shown[0]);
    buf_free(&q->shown[1]);
    arena_free(&q->a);
    free(q);
}

double quality_round2(double x) {
    char text[64];
    snprintf(text, sizeof text, "%.2f", x);
    return strtod(text, NULL);
}

static void out_make(const struct quality *q, struct qout *o) {
    o->nchecks = q->nchecks;
    o->ngroupings = q->ngroupings;
    o->at = mem_alloc((q->fields.n + 1) * sizeof *o->at);
    for (size_t i = 0; i < GUESSES; i++) o->guess[i].n = UINT32_MAX; /* no name is so long */
    o->bits = mem_alloc((q->nsets + 1) * sizeof *o->bits);
    o->total = mem_alloc((q->nchecks + 1) * sizeof *o->total);
    o->failed = mem_alloc((q->nchecks + 1) * sizeof *o->failed);
    o->keys = mem_alloc((q->ngroupings + 1) * sizeof *o->keys);
    o->items = mem_alloc((q->nchecks + 1) * sizeof *o->items);
}

/* Room for n records; nothing in it is kept from one batch to the next. */
static void out_room(const struct quality *q, struct qout *o, size_t n) {
    o->cap = n + n / 4;
    free(o->bad);
    free(o->objects);
    o->bad = mem_grow(NULL, o->cap * sizeof *o->bad);
    o->objects = mem_grow(NULL, o->cap * sizeof *o->objects);
    for (size_t i = 0; i < q->ngroupings; i++) {
        free(o->keys[i]);
        o->keys[i] = mem_grow(NULL, o->cap * sizeof **o->keys);
    }
    for (size_t i = 0; i < q->nchecks; i++) {
        if (!q->checks[i].sorter || q->checks[i].src->kind == CHECK_UNIQUE) continue;
        free(o->items[i]);
        o->items[i] = mem_grow(NULL, o->cap * sizeof **o->items);
    }
}

static void out_prepare(const struct quality *q, struct qout *o, size_t n) {
    if (!o->at) out_make(q, o);
    if (o->cap < n) out_room(q, o, n);
    if (n) memset(o->bad, 0, n * sizeof *o->bad);
    memset(o->total, 0, q->nchecks * sizeof *o->total);
    memset(o->failed, 0, q->nchecks * sizeof *o->failed);
    o->nobjects = 0;
    o->nreasons = 0;
    arena_reset(&o->a);
}

static void out_free(void *p) {
    struct qout *o = p;
    for (size_t i = 0; i < o->nchecks; i++) free(o->items[i]);
    for (size_t i = 0; i < o->ngroupings; i++) free(o->keys[i]);
    schema_run_free(&o->run);
    jtoks_free(&o->toks);
    alike_free(&o->like);
    arena_free(&o->a);
    free(o->at);
    free(o->bits);
    free(o->bad);
    free(o->objects);
    free(o->reasons);
    free(o->total);
    free(o->failed);
    free(o->keys);
    free(o->items);
}

static void malformed(const struct quality *q, const struct rec *r, uint32_t i, struct qout *o) {
    o->bad[i] = true;
    o->total[q->parse_check]++;
    o->failed[q->parse_check]++;
    add_reason(o, (struct reason){.rec = i,
                                  .check = q->parse_check,
                                  .field = "",
                                  .keyword = "parse",
                                  .pointer = "",
                                  .expected = "a JSON object",
                                  .found = r->bad ? rec_problem(r, &o->a) : show(r->v, &o->a)});
}

/* On any thread. */
static void work(void *ctx, struct batch *b, void *out) {
    const struct quality *q = ctx;
    struct qout *o = out;
    if (q->objects_only) batch_look(b, &o->like);
    out_prepare(q, o, b->n);
    for (uint32_t i = 0; i < b->n; i++) {
        const struct rec *r = &b->r[i];
        if (r->bad || jv_type(r->v) != JT_OBJ) {
            malformed(q, r, i, o);
            continue;
        }
        o->rec = r->v;
        fields_find(&q->fields, r->v, o->at, o->guess, &o->a);
        row_check(q, r->v, i, o);
        group_collect(q, i, o);
    }
    for (size_t i = 0; i < q->nchecks; i++)
        if (q->checks[i].per_row) o->total[i] += o->nobjects;
}

/* What rows alone have broken: one sample a record. */
static void take_reasons(struct quality *q, const struct batch *b, const struct qout *o) {
    for (size_t i = 0; i < o->nreasons; i++) {
        const struct reason *r = &o->reasons[i];
        const struct rec *rec = &b->r[r->rec];
        struct rank rank = {{b->seq + r->rec, 0, 0}};
        if (i && o->reasons[i - 1].rec == r->rec && o->reasons[i - 1].check == r->check) continue;
        if (!sample_wanted(q, r->check, rank)) continue;
        sample_add(
            q, r->check, rank,
            (struct quality_sample){
                .line = rec->line, .file = rec->file, .field = r->field, .expected = r->expected, .found = r->found});
    }
}

/* What the unique checks say of one record. It is rejected as a duplicate now, unless a key of it went to the sorter
 * that may give one more reason; then it is accepted and taken out later. */
static int take_dups(struct quality *q, const struct batch *b, struct qout *o, uint32_t i, uint64_t ordinal, size_t *d,
                     size_t *l, struct err *e) {
    size_t dups = *d;
    bool wait = false;
    int rc = ERR_OK;
    for (; *l < q->nlate && q->late[*l].rec == i && rc == ERR_OK; ++*l) {
        wait |= q->checks[q->late[*l].check].src->reject;
        rc = group_late(q, &q->late[*l], b, o, ordinal, e);
    }
    while (*d < q->ndups && q->dups[*d].rec == i) ++*d;
    for (size_t k = dups; k < *d && rc == ERR_OK; k++) {
        const struct dup *dup = &q->dups[k];
        if (wait)
            rc = group_drop(q, dup->check, &b->r[i], dup->first, ordinal, e);
        else
            add_reason(o, duplicate_of(q, dup->check, dup->first, i, &o->a));
    }
    if (*d > dups && !wait) o->bad[i] = true;
    return rc;
}

/* On the calling thread, in the order of the input. */
static int take(void *ctx, struct batch *b, void *out, struct err *e) {
    struct quality *q = ctx;
    struct qout *o = out;
    q->rows_in += b->n;
    if (b->n) q->last_bad = b->r[b->n - 1].bad != NULL;
    for (size_t i = 0; i < q->nchecks; i++) {
        q->results[i].total += o->total[i];
        q->results[i].failed += o->failed[i];
    }
    take_reasons(q, b, o);
    int rc = group_take(q, b, o, e);
    size_t from = 0, k = 0, own = o->nreasons, d = 0, l = 0;
    for (uint32_t i = 0; i < b->n && rc == ERR_OK; i++) {
        size_t first = k;
        while (k < own && o->reasons[k].rec == i) k++;
        size_t n = k - first;
        if ((d < q->ndups && q->dups[d].rec == i) || (l < q->nlate && q->late[l].rec == i)) {
            size_t before = o->nreasons;
            bool bad = o->bad[i];
            rc = take_dups(q, b, o, i, q->accepted + (i - from), &d, &l, e);
            if (rc) break;
            if (!bad && o->bad[i]) { /* what it broke without being rejected for it is no reason */
                first = before;
                n = o->nreasons - before;
            }
        }
        if (!o->bad[i]) continue;
        rc = send_accepted(q, b, from, i, e);
        from = i + 1;
        if (rc == ERR_OK) rc = send_reject(q, &b->r[i], o->reasons + first, n, e);
    }
    return rc ? rc : send_accepted(q, b, from, b->n, e);
}

static void judge_rows(struct quality *q) {
    for (size_t i = 0; i < q->nchecks; i++) {
        struct quality_check *r = &q->results[i];
        if (r->c->kind != CHECK_ROW_COUNT) continue;
        int64_t n = (int64_t)q->rows_in;
        r->total = 1;
        r->failed = (r->c->min_rows >= 0 && n < r->c->min_rows) || (r->c->max_rows >= 0 && n > r->c->max_rows);
        if (r->failed)
            sample_add(q, (uint32_t)i, (struct rank){{0}},
                       (struct quality_sample){.field = "rows",
                                               .found = arena_fmt(&q->a, "%lld", (long long)n),
                                               .expected = arena_fmt(&q->a, "%lld..%lld", (long long)r->c->min_rows,
                                                                     (long long)r->c->max_rows)});
    }
}

/* Several unique checks may name one record, which is one duplicate. */
static int count_drops(struct quality *q, struct err *e) {
    uint64_t last = 0, n = 0;
    int rc;
    for (const struct drop_entry *d; (d = sorter_next(q->drops, &rc, e));) {
        uint64_t ordinal = get_be64(d->ordinal);
        n += !n || ordinal != last;
        last = ordinal;
    }
    q->duplicates = n;
    sorter_rewind(q->drops);
    return rc;
}

static void judge(struct quality *q, struct quality_result *res) {
    judge_rows(q);
    *res = (struct quality_result){.checks = q->results,
                                   .nchecks = q->nchecks,
                                   .pass = true,
                                   .last_bad = q->last_bad,
                                   .rows_in = q->rows_in,
                                   .duplicates = q->duplicates,
                                   .rows_accepted = q->accepted - q->duplicates,
                                   .rows_rejected = q->rejected + q->duplicates};
    for (size_t i = 0; i < q->nchecks; i++) {
        struct quality_check *c = &q->results[i];
        double most = c->total > 1 ? (double)c->total : 1;
        c->pass_rate = quality_round2((1 - (double)c->failed / most) * 100);
        c->pass = c->pass_rate >= c->c->min_pass_rate;
        if (!c->pass && c->c->gate) res->pass = false;
    }
}

bool quality_trusts(const struct quality *q) {
    return q->objects_only;
}

void quality_sound(struct quality *q, uint64_t rows, struct quality_result *res) {
    q->rows_in = q->accepted = rows;
    for (size_t i = 0; i < q->nchecks; i++)
        if (q->checks[i].per_row) q->results[i].total = rows;
    judge(q, res);
}

int quality_run(struct quality *q, struct reader *r, const struct quality_out *out, struct quality_result *res,
                struct err *e) {
    struct crew crew = {.threads = q->cfg.threads,
                        .out_size = sizeof(struct qout),
                        .ctx = q,
                        .work = work,
                        .take = take,
                        .out_free = out_free,
                        .unscanned = q->objects_only};
    q->out = out;
    q->reader = r;
    int rc = crew_run(&crew, r, e);
    if (rc == ERR_OK) rc = group_finish(q, e);
    if (rc == ERR_OK) rc = sorter_finish(q->drops, e);
    if (rc == ERR_OK && q->duplicates) rc = count_drops(q, e);
    if (rc) return rc;
    q->next_drop = sorter_next(q->drops, &rc, e);
    if (rc == ERR_OK) judge(q, res);
    return rc;
}

static void add_json(struct buf *b, const char *name, const char *value) {
    buf_fmt(b, ",\"%s\":", name);
    json_text_quote(b, value ? value : "");
}

struct quality_row *quality_rows(const struct quality *q, const struct quality_result *res, struct arena *a) {
    struct quality_row *rows = arena_alloc(a, (res->nchecks + 1) * sizeof *rows);
    for (size_t i = 0; i < res->nchecks; i++) {
        const struct quality_check *c = &res->checks[i];
        struct buf detail = {0}, samples = {0};
        buf_chr(&samples, '[');
        for (size_t k = 0; k < c->nsamples; k++) {
            const struct quality_sample *s = &c->samples[k];
            buf_fmt(&detail, "%s%s:%llu %s: %s, expected %s", k ? "; " : "", input_name(q, s->file),
                    (unsigned long long)s->line, s->field ? s->field : "", s->found, s->expected);
            buf_fmt(&samples, "%s{\"line\":%llu", k ? "," : "", (unsigned long long)s->line);
            add_json(&samples, "field", s->field);
            add_json(&samples, "expected", s->expected);
            add_json(&samples, "found", s->found);
            buf_chr(&samples, '}');
        }
        buf_chr(&samples, ']');
        rows[i] = (struct quality_row){.check_name = c->c->name,
                                       .check_type = c->c->type,
                                       .status = c->pass ? "PASS" : "FAIL",
                                       .detail = arena_strn(a, buf_text(&detail), detail.n),
                                       .samples = arena_strn(a, samples.p, samples.n),
                                       .total = c->total,
                                       .failed = c->failed,
                                       .pass_rate = c->pass_rate};
        buf_free(&detail);
        buf_free(&samples);
    }
    return rows;
}

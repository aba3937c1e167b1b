/* The pass over the records and the verdict; see quality.h. Rules are in row.c and group.c. */
#include "quality/quality.h"

#include "base/log.h"
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
    free(q->fields.name);
    free(q->fields.table);
    buf_free(&q->line);
    arena_free(&q->a);
    free(q);
}

double quality_round2(double x) {
    char text[64];
    snprintf(text, sizeof text, "%.2f", x);
    return strtod(text, NULL);
}

void add_sample(struct quality *q, uint32_t check, struct quality_sample s) {
    struct quality_check *c = &q->results[check];
    if (c->nsamples == QUALITY_SAMPLES) return;
    s.field = arena_str(&q->a, s.field);
    s.expected = arena_str(&q->a, s.expected);
    s.found = arena_str(&q->a, s.found);
    c->samples[c->nsamples++] = s;
}

static void out_prepare(const struct quality *q, struct qout *o, size_t n) {
    if (!o->vals) {
        o->nchecks = q->nchecks;
        o->vals = mem_alloc((q->fields.n + 1) * sizeof *o->vals);
        o->total = mem_alloc((q->nchecks + 1) * sizeof *o->total);
        o->failed = mem_alloc((q->nchecks + 1) * sizeof *o->failed);
        o->entries = mem_alloc((q->nchecks + 1) * sizeof *o->entries);
        o->ecap = mem_alloc((q->nchecks + 1) * sizeof *o->ecap);
        o->nentries = mem_alloc((q->nchecks + 1) * sizeof *o->nentries);
    }
    if (o->cap < n) {
        o->cap = n * 2;
        o->bad = mem_grow(o->bad, o->cap * sizeof *o->bad);
    }
    memset(o->bad, 0, n * sizeof *o->bad);
    memset(o->total, 0, q->nchecks * sizeof *o->total);
    memset(o->failed, 0, q->nchecks * sizeof *o->failed);
    memset(o->nentries, 0, q->nchecks * sizeof *o->nentries);
    o->nreasons = 0;
    arena_reset(&o->a);
}

static void out_free(void *p) {
    struct qout *o = p;
    for (size_t i = 0; i < o->nchecks; i++) free(o->entries[i]);
    schema_run_free(&o->run);
    arena_free(&o->a);
    free(o->vals);
    free(o->bad);
    free(o->reasons);
    free(o->total);
    free(o->failed);
    free(o->ecap);
    free(o->nentries);
    free(o->entries);
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
    out_prepare(q, o, b->n);
    for (uint32_t i = 0; i < b->n; i++) {
        const struct rec *r = &b->r[i];
        if (r->bad || jv_type(r->v) != JT_OBJ) {
            malformed(q, r, i, o);
            continue;
        }
        fields_find(&q->fields, r->v, o->vals, &o->a);
        row_check(q, r->v, i, o);
        group_collect(q, r, b->seq + i, o);
    }
}

void reject_line(struct buf *b, const char *file, uint64_t line, const struct quality *q, const struct reason *r,
                 size_t n, const char *text, size_t len, bool is_json) {
    buf_str(b, "{\"file\":");
    json_text_quote(b, file);
    buf_fmt(b, ",\"line\":%llu,\"reasons\":[", (unsigned long long)line);
    for (size_t i = 0; i < n; i++) {
        buf_fmt(b, "%s{\"check\":", i ? "," : "");
        json_text_quote(b, q->checks[r[i].check].src->type);
        const struct {
            const char *name, *value;
        } parts[] = {{"field", r[i].field},
                     {"pointer", r[i].pointer},
                     {"keyword", r[i].keyword},
                     {"expected", r[i].expected},
                     {"found", r[i].found}};
        for (size_t k = 0; k < sizeof parts / sizeof *parts; k++) {
            if (!parts[k].value || (!*parts[k].value && k != 1)) continue;
            buf_fmt(b, ",\"%s\":", parts[k].name);
            json_text_quote(b, parts[k].value);
        }
        buf_chr(b, '}');
    }
    if (is_json) {
        buf_str(b, "],\"record\":");
        buf_add(b, text, len);
    } else {
        buf_str(b, "],\"raw\":");
        json_quote(b, (struct sv){text, len > 65536 ? 65536 : len});
    }
    buf_str(b, "}\n");
}

static const char *input_name(const struct quality *q, uint32_t file) {
    const char *name = q->reader ? reader_name(q->reader, file) : "";
    size_t n = q->cfg.home ? strlen(q->cfg.home) : 0;
    return n && strncmp(name, q->cfg.home, n) == 0 && name[n] == '/' ? name + n + 1 : name;
}

static int send_reject(struct quality *q, const struct rec *r, const struct reason *reasons, size_t n, struct err *e) {
    q->line.n = 0;
    q->rejected++;
    reject_line(&q->line, input_name(q, r->file), r->line, q, reasons, n, r->text, r->len, !r->bad);
    return q->out->reject(q->out->ctx, q->line.p, q->line.n, e);
}

/* Send a run of accepted records; those that lie one after another in the block go in one piece. */
static int send_accepted(struct quality *q, const struct batch *b, size_t from, size_t to, struct err *e) {
    while (from < to) {
        const char *start = b->r[from].text, *end = start + b->r[from].len;
        size_t n = 1;
        while (from + n < to && *end == '\n' && b->r[from + n].text == end + 1) {
            end += 1 + b->r[from + n].len;
            n++;
        }
        int rc = q->out->accept(q->out->ctx, start, (size_t)(end - start), n, e);
        if (rc == ERR_OK) rc = q->out->accept(q->out->ctx, "\n", 1, 0, e);
        if (rc) return rc;
        from += n;
        q->accepted += n;
    }
    return ERR_OK;
}

/* Feed the sorters; a unique entry learns here whether its record was accepted, and as which. */
static int feed_sorters(struct quality *q, const struct batch *b, struct qout *o, struct err *e) {
    for (size_t i = 0; i < q->nchecks; i++) {
        const struct check *c = &q->checks[i];
        if (!c->entry) continue;
        uint64_t ordinal = q->accepted;
        size_t k = 0;
        for (size_t j = 0; j < b->n; j++) {
            if (b->r[j].bad || jv_type(b->r[j].v) != JT_OBJ) continue;
            uint8_t *entry = o->entries[i] + k++ * c->entry;
            if (c->src->kind == CHECK_UNIQUE) {
                struct unique_entry *u = (struct unique_entry *)(void *)entry;
                u->good = !o->bad[j];
                u->ordinal = ordinal;
            }
            if (!o->bad[j]) ordinal++;
            int rc = sorter_add(c->sorter, entry, e);
            if (rc) return rc;
        }
    }
    return ERR_OK;
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
    for (size_t i = 0; i < o->nreasons; i++) {
        const struct reason *r = &o->reasons[i];
        const struct rec *rec = &b->r[r->rec];
        if (i && o->reasons[i - 1].rec == r->rec && o->reasons[i - 1].check == r->check)
            continue; /* one sample a record */
        add_sample(
            q, r->check,
            (struct quality_sample){
                .line = rec->line, .file = rec->file, .field = r->field, .expected = r->expected, .found = r->found});
    }
    int rc = feed_sorters(q, b, o, e);
    size_t from = 0, k = 0;
    for (size_t i = 0; i < b->n && rc == ERR_OK; i++) {
        size_t first = k;
        while (k < o->nreasons && o->reasons[k].rec == i) k++;
        if (!o->bad[i]) continue;
        rc = send_accepted(q, b, from, i, e);
        from = i + 1;
        if (rc == ERR_OK) rc = send_reject(q, &b->r[i], o->reasons + first, k - first, e);
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
            add_sample(q, (uint32_t)i,
                       (struct quality_sample){.field = "rows",
                                               .found = arena_fmt(&q->a, "%lld", (long long)n),
                                               .expected = arena_fmt(&q->a, "%lld..%lld", (long long)r->c->min_rows,
                                                                     (long long)r->c->max_rows)});
    }
}

int quality_run(struct quality *q, struct reader *r, const struct quality_out *out, struct quality_result *res,
                struct err *e) {
    struct crew crew = {.threads = q->cfg.threads,
                        .out_size = sizeof(struct qout),
                        .ctx = q,
                        .work = work,
                        .take = take,
                        .out_free = out_free};
    q->out = out;
    q->reader = r;
    q->drops = sorter_new(sizeof(struct drop_entry), 8, q->cfg.memory / 16, q->cfg.tmpdir);
    int rc = crew_run(&crew, r, e);
    if (rc == ERR_OK) rc = group_judge(q, e);
    if (rc == ERR_OK) rc = sorter_finish(q->drops, e);
    if (rc) return rc;
    q->next_drop = sorter_next(q->drops, &rc, e);
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
    return rc;
}

int quality_keep(void *quality, uint64_t row, const char *line, size_t n, bool *keep, struct err *e) {
    struct quality *q = quality;
    int rc = ERR_OK;
    *keep = true;
    /* several unique checks may name the same row: one reject line, all of its reasons */
    struct reason reasons[16];
    size_t k = 0;
    uint64_t at = 0;
    uint32_t file = 0;
    struct arena a = {0};
    while (q->next_drop && get_be64(q->next_drop->ordinal) == row) {
        const struct drop_entry *d = q->next_drop;
        at = d->line;
        file = d->file;
        if (k < 16)
            reasons[k++] =
                (struct reason){.check = d->check,
                                .field = q->checks[d->check].src->field,
                                .found = "",
                                .expected = arena_fmt(&a, "unique (line %llu)", (unsigned long long)d->first)};
        q->next_drop = sorter_next(q->drops, &rc, e);
        if (rc) break;
    }
    if (k && rc == ERR_OK) {
        *keep = false;
        q->line.n = 0;
        reject_line(&q->line, input_name(q, file), at, q, reasons, k, line, n, true);
        rc = q->out->reject(q->out->ctx, q->line.p, q->line.n, e);
    }
    arena_free(&a);
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

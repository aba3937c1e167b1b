/* See group_impl.h. Only the groups are sorted, not the rows. */
#include "mart/group_impl.h"

struct place {
    uint64_t key; /* ranks of the keys, as one number */
    uint32_t worker, group;
};

static void radix(struct place *p, size_t n, uint64_t domain) {
    struct place *to = mem_grow(NULL, (n + 1) * sizeof *to), *from = p, *buffer = to;
    for (int shift = 0; shift < 64 && domain >> shift; shift += 11) {
        size_t count[2049] = {0};
        for (size_t i = 0; i < n; i++) count[(from[i].key >> shift & 2047) + 1]++;
        for (int i = 0; i < 2048; i++) count[i + 1] += count[i];
        for (size_t i = 0; i < n; i++) to[count[from[i].key >> shift & 2047]++] = from[i];
        struct place *swap = from;
        from = to;
        to = swap;
    }
    if (from != p) memcpy(p, from, n * sizeof *p);
    free(buffer);
}

static struct place *sort_groups(const struct group_plan *p, struct worker **w, int nw, const uint64_t *strides,
                                 uint64_t domain, size_t total) {
    struct place *places = mem_grow(NULL, (total + 1) * sizeof *places);
    size_t at = 0;
    for (int t = 0; t < nw; t++) {
        for (size_t g = 0; g < w[t]->n; g++) {
            uint64_t key = AT(uint64_t, w[t]->recs, g * w[t]->stride), sort = 0;
            for (size_t k = 0; k < p->nkeys; k++) {
                uint64_t code = key / strides[k];
                key -= code * strides[k];
                sort += p->keys[k].dict->rank[code] * strides[k];
            }
            places[at++] = (struct place){sort, (uint32_t)t, (uint32_t)g};
        }
    }
    if (!w[0]->sorted) radix(places, total, domain);
    return places;
}

/* An aggregate's value in a record as a code; small whole numbers without asking the dictionary again. */
struct result {
    struct dict *dict;
    uint32_t small[256];
};

static uint32_t whole_code(struct result *r, int64_t v) {
    if (v < 0 || v > 255) return dict_int(r->dict, v);
    if (!r->small[v]) r->small[v] = dict_int(r->dict, v);
    return r->small[v];
}

static uint32_t result_code(const struct group_agg *g, const struct slot *s, const char *rec, struct result *r,
                            bool *overflow) {
    uint32_t count = AT(const uint32_t, rec, s->count);
    switch (g->kind) {
    case AGG_COUNT:
        return whole_code(r, count);
    case AGG_MIN:
    case AGG_MAX:
        return s->code_of[count];
    case AGG_TOTAL:
        return dict_real(r->dict, AT(const double, rec, s->real));
    case AGG_AVG:
        return count ? dict_real(r->dict, AT(const double, rec, s->real) / (double)count) : 0;
    default:
        break;
    }
    if (!count) return 0;
    if (s->exact) return whole_code(r, AT(const int64_t, rec, s->whole));
    uint32_t flags = AT(const uint32_t, rec, s->flags);
    if (flags & SUM_OVERFLOW) *overflow = true;
    return flags & SUM_APPROX ? dict_real(r->dict, AT(const double, rec, s->real))
                              : whole_code(r, AT(const int64_t, rec, s->whole));
}

/* Records in order become columns. */
static bool results(const struct group_plan *p, struct worker **w, const struct place *places, size_t n,
                    const uint64_t *strides, struct relation *out, struct keep *keep) {
    size_t ncols = p->nkeys + p->naggs;
    uint32_t **codes = mem_alloc((ncols + 1) * sizeof *codes);
    struct result *res = mem_alloc((p->naggs + 1) * sizeof *res);
    bool overflow = false;
    for (size_t c = 0; c < ncols; c++) codes[c] = mem_grow(NULL, (n + 1) * sizeof **codes);
    for (size_t a = 0; a < p->naggs; a++) {
        bool shared = p->aggs[a].kind == AGG_MIN || p->aggs[a].kind == AGG_MAX;
        res[a].dict = shared ? p->aggs[a].value.dict : keep_dict(keep);
    }
    for (size_t i = 0; i < n; i++) {
        const struct worker *t = w[places[i].worker];
        if (i + 8 < n) __builtin_prefetch(w[places[i + 8].worker]->recs + places[i + 8].group * t->stride);
        const char *rec = t->recs + places[i].group * t->stride;
        uint64_t key = AT(const uint64_t, rec, 0);
        for (size_t k = 0; k < p->nkeys; k++) {
            codes[k][i] = (uint32_t)(key / strides[k]);
            key -= codes[k][i] * strides[k];
        }
        for (size_t a = 0; a < p->naggs; a++)
            codes[p->nkeys + a][i] = result_code(&p->aggs[a], &t->slots[a], rec, &res[a], &overflow);
    }
    out->cols = keep_block(keep, mem_alloc((ncols + 1) * sizeof *out->cols), 0);
    out->ncols = ncols;
    out->nrows = n;
    for (size_t c = 0; c < ncols; c++) {
        struct relcol *to = &out->cols[c];
        to->sorted = (uint8_t)(c < p->nkeys ? c + 1 : 0);
        to->dict = c < p->nkeys ? p->keys[c].dict : res[c - p->nkeys].dict;
        to->codes = keep_block(keep, codes_narrow(codes[c], n, to->dict->n, &to->width), n * to->width);
    }
    free(codes);
    free(res);
    return !overflow;
}

bool group_result(const struct group_plan *p, struct worker **w, int nw, const uint64_t *strides, uint64_t domain,
                  size_t total, struct relation *out, struct keep *keep) {
    struct place *places = sort_groups(p, w, nw, strides, domain, total);
    bool ok = results(p, w, places, total, strides, out, keep);
    free(places);
    return ok;
}

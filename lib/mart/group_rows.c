/* See group_impl.h. */
#include "mart/group_impl.h"

/* ---- keep ---- */

struct dict *keep_dict(struct keep *k) {
    k->dicts = mem_grow(k->dicts, (k->ndicts + 1) * sizeof *k->dicts);
    struct dict *d = k->dicts[k->ndicts++] = mem_alloc(sizeof *d);
    dict_init(d);
    return d;
}

void *keep_block(struct keep *k, void *p, size_t n) {
    k->blocks = mem_grow(k->blocks, (k->nblocks + 1) * sizeof *k->blocks);
    k->blocks[k->nblocks++] = p;
    k->bytes += n;
    return p;
}

void keep_free(struct keep *k) {
    for (size_t i = 0; i < k->ndicts; i++) {
        dict_free(k->dicts[i]);
        free(k->dicts[i]);
    }
    for (size_t i = 0; i < k->nblocks; i++) free(k->blocks[i]);
    free(k->dicts);
    free(k->blocks);
    *k = (struct keep){0};
}

/* ---- rows of a block ---- */

void rows_init(struct rows *r, const struct relation *in) {
    r->in = in;
    r->codes = mem_grow(NULL, (in->ncols + 1) * BLOCK * sizeof *r->codes); /* touched where used */
    r->have = mem_alloc(in->ncols + 1);
}

void rows_free(struct rows *r) {
    free(r->codes);
    free(r->have);
}

const uint32_t *rows_column(struct rows *r, int col) {
    uint32_t *c = r->codes + (size_t)col * BLOCK;
    if (!r->have[col]) relcol_codes(&r->in->cols[col], r->from, r->n, c);
    r->have[col] = true;
    return c;
}

void rows_block(struct rows *r, size_t from, const struct group_pred *where, size_t nwhere) {
    r->from = from;
    r->n = r->in->nrows - from < BLOCK ? r->in->nrows - from : BLOCK;
    r->nsel = r->n;
    memset(r->have, 0, r->in->ncols);
    for (uint32_t i = 0; i < r->n; i++) r->sel[i] = i;
    for (size_t w = 0; w < nwhere; w++) {
        const struct relcol *c = &r->in->cols[where[w].col];
        const uint8_t *truth = where[w].truth;
        if (!c->codes) { /* one value for all */
            if (!truth[c->constant]) r->nsel = 0;
            continue;
        }
        const uint32_t *code = rows_column(r, where[w].col);
        size_t n = 0;
        for (size_t i = 0; i < r->nsel; i++) {
            uint32_t row = r->sel[i];
            r->sel[n] = row;
            n += truth[code[row]];
        }
        r->nsel = n;
    }
}

uint32_t *filter_rows(const struct relation *in, const struct group_pred *where, size_t nwhere, size_t *n) {
    struct rows *r = mem_alloc(sizeof *r);
    size_t cap = 1024;
    uint32_t *out = mem_grow(NULL, cap * sizeof *out);
    *n = 0;
    rows_init(r, in);
    for (size_t from = 0; from < in->nrows; from += BLOCK) {
        rows_block(r, from, where, nwhere);
        if (*n + r->nsel > cap) out = mem_grow(out, (cap = (*n + r->nsel) * 2) * sizeof *out);
        for (size_t i = 0; i < r->nsel; i++) out[(*n)++] = (uint32_t)from + r->sel[i];
    }
    rows_free(r);
    free(r);
    return out;
}

/* See seed.h. */
#include "transform/seed.h"

#include "base/hash.h"
#include "base/near.h"

#define SEED_MOST ((size_t)64 << 20)

static void read_columns(struct op_parse *c, struct seed *s, struct jval rec) {
    s->columns.s = arena_alloc(c->a, (jv_tok(rec)->n + 1) * sizeof *s->columns.s);
    uint32_t pos = 0;
    for (struct jval k, v; jv_each(rec, &pos, &k, &v);) {
        struct sv *x = &s->columns.s[s->columns.n++];
        x->p = jv_str(k, c->a, &x->n);
    }
}

static void read_row(struct op_parse *c, struct seed *s, size_t *cap, struct jval rec) {
    if (!s->columns.n) read_columns(c, s, rec);
    if (s->n == *cap) {
        struct sv *old = s->cells;
        *cap = *cap ? *cap * 2 : 256;
        s->cells = arena_alloc(c->a, *cap * s->columns.n * sizeof *s->cells);
        if (s->n) memcpy(s->cells, old, s->n * s->columns.n * sizeof *old);
    }
    uint32_t pos = 0;
    size_t i = 0;
    struct sv *row = s->cells + s->n++ * s->columns.n;
    for (struct jval k, v; jv_each(rec, &pos, &k, &v) && i < s->columns.n; i++) row[i].p = jv_str(v, c->a, &row[i].n);
}

static int read_rows(struct op_parse *c, struct seed *s, const char *text, size_t n, struct err *e) {
    struct rblock b = {0};
    struct jtoks toks = {0};
    struct reader *r = NULL;
    bool more = true;
    size_t cap = 0;
    struct jerr je;
    struct reader_opt opt = {.format = FMT_CSV, .text = text, .text_n = n};
    int rc = reader_open(&r, &s->file, 1, &opt, e);
    while (rc == ERR_OK && more) {
        rc = reader_next(r, &b, &more, e);
        for (size_t i = 0; i < b.n && rc == ERR_OK; i++) {
            const char *p = b.data.p + b.l[i].off;
            toks.n = 0;
            if (b.l[i].bad || !json_scan(&toks, p, b.l[i].len, 0, &je))
                rc = err_set(e, ERR_CONFIG, "%s:%llu: %s", s->file, (unsigned long long)b.l[i].line,
                             b.l[i].bad ? b.l[i].bad : je.what);
            else
                read_row(c, s, &cap, (struct jval){p, toks.t, 0});
        }
    }
    reader_close(r);
    rblock_free(&b);
    jtoks_free(&toks);
    return rc;
}

bool seed_read(struct op_parse *c, const char *key, struct seed *s) {
    struct jval v;
    struct err e = {0};
    const char *text;
    size_t n;
    *s = (struct seed){.file = get_str(c->a, c->v, key, NULL)};
    if (!s->file || !get_val(c->v, key, &v)) return false;
    int rc = pipeline_file(c->p, c->a, s->file, &text, &n, &e);
    if (rc == ERR_OK && n > SEED_MOST) rc = err_set(&e, ERR_CONFIG, "%s is over 64 MiB", s->file);
    if (rc == ERR_OK) {
        sha256_add(c->digest, text, n);
        rc = read_rows(c, s, text, n, &e);
    }
    if (rc == ERR_OK && !s->n) rc = err_set(&e, ERR_CONFIG, "%s has no rows", s->file);
    if (rc) mistake_at(c->m, offset_of(v), "%s", e.msg);
    return rc == ERR_OK;
}

bool seed_column(struct op_parse *c, const struct seed *s, struct sv name, size_t *at) {
    struct near near = near_start(name.p);
    struct arena a = {0};
    for (*at = 0; *at < s->columns.n; ++*at) {
        if (sv_eq(s->columns.s[*at], name)) return true;
        near_offer(&near, s->columns.s[*at].p);
    }
    mistake_at(c->m, offset_of(c->v), "%s has no column '%s'%s", s->file, name.p, near_hint(&near, &a));
    arena_free(&a);
    return false;
}

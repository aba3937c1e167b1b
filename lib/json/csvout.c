/* See csvout.h. */
#include "json/csvout.h"

void csvout_column(struct csvout *c, const char *name) {
    if (c->ncols == c->cap) {
        c->cap = c->cap ? c->cap * 2 : 32;
        c->cols = mem_grow(c->cols, c->cap * sizeof *c->cols);
    }
    c->cols[c->ncols++] = arena_str(&c->a, name);
    c->given = true;
}

static void field(struct buf *b, struct sv s) {
    bool quote = false;
    for (size_t i = 0; i < s.n && !quote; i++) quote = strchr(",\"\r\n", s.p[i]) != NULL;
    if (!quote && s.n) {
        buf_sv(b, s);
        return;
    }
    buf_chr(b, '"');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"') buf_chr(b, '"');
        buf_chr(b, s.p[i]);
    }
    buf_chr(b, '"');
}

static void value(struct csvout *c, struct buf *b, struct jval v) {
    if (jv_type(v) == JT_NULL) return;
    if (jv_type(v) != JT_STR) {
        field(b, jv_raw(v));
        return;
    }
    struct buf text = {0};
    (void)c;
    jv_unescape(v, &text);
    field(b, (struct sv){buf_text(&text), text.n});
    buf_free(&text);
}

static void header(struct csvout *c, struct jval rec, struct buf *out) {
    uint32_t pos = 0;
    bool given = c->given;
    for (struct jval k, v; !given && jv_each(rec, &pos, &k, &v);) {
        const char *name = jv_str(k, &c->a, NULL);
        size_t i = 0;
        while (i < c->ncols && strcmp(c->cols[i], name) != 0) i++;
        if (i == c->ncols) csvout_column(c, name); /* a member that comes twice is one column */
    }
    for (size_t i = 0; i < c->ncols; i++) {
        if (i) buf_chr(out, ',');
        field(out, sv_of(c->cols[i]));
    }
    buf_str(out, "\r\n");
    c->started = true;
}

static int row(struct csvout *c, struct jval rec, struct buf *out, struct err *e) {
    uint32_t found = 0;
    if (!c->started) header(c, rec, out);
    for (size_t i = 0; i < c->ncols; i++) {
        struct jval v;
        if (i) buf_chr(out, ',');
        if (!jv_get(rec, sv_of(c->cols[i]), &v)) continue;
        found++;
        value(c, out, v);
    }
    buf_str(out, "\r\n");
    if (found >= jv_tok(rec)->n) return ERR_OK; /* else: another field, or one that came twice */
    uint32_t pos = 0;
    for (struct jval k, v; jv_each(rec, &pos, &k, &v);) {
        const char *name = jv_str(k, &c->a, NULL);
        size_t i = 0;
        while (i < c->ncols && strcmp(c->cols[i], name) != 0) i++;
        if (i == c->ncols)
            return err_set(
                e, ERR_DATA,
                "a record has the field '%s', which is no column of the CSV; write JSONL, or select fields before",
                name);
    }
    return ERR_OK;
}

int csvout_lines(struct csvout *c, const char *p, size_t n, struct buf *out, struct err *e) {
    for (const char *end = p + n; p < end;) {
        const char *nl = memchr(p, '\n', (size_t)(end - p));
        size_t len = nl ? (size_t)(nl - p) : (size_t)(end - p);
        struct jerr je;
        c->toks.n = 0;
        if (len) {
            if (!json_scan(&c->toks, p, len, 0, &je))
                return err_set(e, ERR_DATA, "a record is no JSON (%s at byte %zu): it cannot be a CSV row", je.what,
                               je.at + 1);
            struct jval rec = {p, c->toks.t, 0};
            if (jv_type(rec) != JT_OBJ)
                return err_set(e, ERR_DATA, "a record is not an object: it cannot be a CSV row");
            int rc = row(c, rec, out, e);
            if (rc) return rc;
        }
        p += len + 1;
    }
    return ERR_OK;
}

void csvout_free(struct csvout *c) {
    arena_free(&c->a);
    free(c->cols);
    jtoks_free(&c->toks);
}

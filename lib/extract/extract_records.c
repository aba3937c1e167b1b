/* Records out of a document: an item of it each, with its fields. See extract.h. */
#include "extract/extract_impl.h"

static bool put_fields(struct extractor *x, const struct ex_take *t, size_t n, const struct item *it, struct buf *out,
                       const char **missing) {
    for (size_t i = 0; i < n; i++) {
        if (out->n > 1) buf_chr(out, ',');
        json_text_quote(out, t[i].name);
        buf_chr(out, ':');
        size_t from = out->n;
        if (!ex_value(x, &t[i], it, out)) {
            out->n = from;
            buf_str(out, "null");
        }
        if (t[i].required && ex_nothing(out, from)) {
            *missing = t[i].name;
            return false;
        }
    }
    return true;
}

static int emit_item(struct extractor *x, const struct item *it, ex_emit_fn *emit, void *ctx, struct err *e) {
    const struct ex_def *d = x->def;
    struct buf b = {0};
    const char *missing = NULL;
    char why[EX_WHY];
    int rc;
    if (d->nfields) {
        buf_chr(&b, '{');
    } else if (it->n) {
        buf_str(&b, "{\"text\":");
        ex_node(x, &(struct ex_take){0}, it->n, &b);
    } else if (!it->v.t) {
        return ERR_OK; /* neither a node nor a value: no item */
    } else {
        ex_compact(&b, it->v);
        if (jv_type(it->v) != JT_OBJ && d->nadd) {
            rc = emit(ctx, (struct sv){0}, "an item is no object", e);
            buf_free(&b);
            return rc;
        }
        if (jv_type(it->v) == JT_OBJ) b.n--; /* its bracket is put back below */
    }
    bool object = d->nfields || it->n || jv_type(it->v) == JT_OBJ;
    bool ok =
        put_fields(x, d->fields, d->nfields, it, &b, &missing) && put_fields(x, d->add, d->nadd, it, &b, &missing);
    if (object) buf_chr(&b, '}');
    if (ok) {
        rc = emit(ctx, (struct sv){buf_text(&b), b.n}, NULL, e);
    } else {
        snprintf(why, sizeof why, "no %.100s", missing);
        rc = emit(ctx, (struct sv){buf_text(&b), b.n}, why, e);
    }
    buf_free(&b);
    return rc;
}

static int html_records(struct extractor *x, ex_emit_fn *emit, void *ctx, size_t *n, struct err *e) {
    struct rows r = {0};
    struct dom_selector *s = ex_selector(x, x->def->each);
    int rc = ERR_OK;
    if (s) dom_select(x->html, x->root.n, s, ex_keep, &r);
    for (size_t i = 0; i < r.len && rc == ERR_OK; i++) rc = emit_item(x, &(struct item){.n = r.n[i]}, emit, ctx, e);
    *n = r.len;
    free(r.n);
    return rc;
}

/* The first of several pointers, a line each, that leads somewhere. */
static bool find_list(struct jval root, const char *each, struct jval *list) {
    struct arena a = {0};
    bool found = false;
    for (const char *at = each; at && !found;) {
        size_t n = strcspn(at, "\n");
        found = ex_pointer(root, arena_strn(&a, at, n), list) && jv_type(*list) != JT_NULL;
        at = at[n] ? at + n + 1 : NULL;
    }
    arena_free(&a);
    return found;
}

int extractor_records(struct extractor *x, ex_emit_fn *emit, void *ctx, size_t *n, struct err *e) {
    const char *each = x->def->each;
    struct jval list, v;
    uint32_t pos = 0;
    int rc = ERR_OK;
    *n = 0;
    if (!each) {
        if (!x->is_csv) {
            *n = 1;
            return emit_item(x, &x->root, emit, ctx, e);
        }
        each = "";
    }
    if (x->is_html) return html_records(x, emit, ctx, n, e);
    if (!find_list(x->root.v, each, &list)) return err_set(e, ERR_DATA, "the answer has nothing at %s", each);
    if (jv_type(list) == JT_STR && !jv_tok(list)->len) return ERR_OK; /* an empty element of XML */
    if (jv_type(list) != JT_ARR) {
        *n = 1;
        return emit_item(x, &(struct item){.v = list}, emit, ctx, e);
    }
    for (; rc == ERR_OK && jv_each(list, &pos, NULL, &v); ++*n) rc = emit_item(x, &(struct item){.v = v}, emit, ctx, e);
    return rc;
}

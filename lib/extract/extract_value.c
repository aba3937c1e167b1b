/* Values out of a document: by JSON pointer, CSS selector, label, JSON-LD; refined by patterns; and tests of it. See
 * extract.h. */
#include "extract/extract_impl.h"

bool ex_pointer(struct jval v, const char *p, struct jval *out) {
    struct buf key = {0};
    bool ok = true;
    while (ok && *p == '/') {
        key.n = 0;
        for (p++; *p && *p != '/'; p++) {
            if (*p == '~' && (p[1] == '0' || p[1] == '1'))
                buf_chr(&key, *++p == '0' ? '~' : '/');
            else
                buf_chr(&key, *p);
        }
        if (jv_type(v) == JT_OBJ) {
            ok = jv_get(v, (struct sv){buf_text(&key), key.n}, &v);
        } else if (jv_type(v) == JT_ARR) {
            char *end;
            size_t k = strtoul(buf_text(&key), &end, 10);
            uint32_t pos = 0;
            ok = key.n && !*end && k < jv_tok(v)->n;
            struct jval e = v;
            for (size_t i = 0; ok && i <= k; i++) ok = jv_each(v, &pos, NULL, &e);
            v = e;
        } else {
            ok = false;
        }
    }
    buf_free(&key);
    *out = v;
    return ok;
}

/* As written, without the blanks and line breaks between its parts. */
void ex_compact(struct buf *b, struct jval v) {
    if (jv_type(v) != JT_OBJ && jv_type(v) != JT_ARR) {
        json_copy(b, v);
        return;
    }
    struct sv s = jv_raw(v);
    bool quoted = false;
    for (size_t i = 0, from = 0; i <= s.n; i++) {
        bool blank = i < s.n && !quoted && (s.p[i] == ' ' || s.p[i] == '\n' || s.p[i] == '\r' || s.p[i] == '\t');
        if (blank || i == s.n) {
            buf_add(b, s.p + from, i - from);
            from = i + 1;
        } else if (quoted && s.p[i] == '\\') {
            i++;
        } else if (s.p[i] == '"') {
            quoted = !quoted;
        }
    }
}

void ex_node(struct extractor *x, const struct ex_take *t, struct dom_node *n, struct buf *out) {
    struct sv v = {"", 0};
    x->tmp.n = 0;
    if (t->attr) {
        dom_attribute(n, t->attr, &v);
        text_collapse(v, &x->tmp);
    } else if (t->html) {
        dom_source(n, &x->tmp);
    } else {
        dom_text(n, t->br ? t->br : " / ", &x->tmp);
    }
    json_quote(out, (struct sv){buf_text(&x->tmp), x->tmp.n});
}

struct gather {
    struct extractor *x;
    const struct ex_take *t;
    struct buf *out;
    size_t n;
};

static bool gather_node(void *ctx, struct dom_node *n) {
    struct gather *g = ctx;
    struct sv v;
    if (g->t->attr && !dom_attribute(n, g->t->attr, &v)) return true;
    buf_str(g->out, g->n++ ? "," : g->t->all ? "[" : "");
    ex_node(g->x, g->t, n, g->out);
    return g->t->all;
}

static bool take_select(struct extractor *x, const struct ex_take *t, const struct item *it, struct buf *out) {
    struct dom_selector *s = ex_selector(x, t->what);
    struct gather g = {x, t, out, 0};
    if (!x->is_html || !s) return false;
    dom_select(x->html, t->root || !it->n ? x->root.n : it->n, s, gather_node, &g);
    if (g.n && t->all) buf_chr(out, ']');
    return g.n > 0;
}

static void add_pair(struct extractor *x, struct dom_node *row) {
    struct dom_selector *k = ex_selector(x, x->def->pair_key), *v = ex_selector(x, x->def->pair_value);
    struct dom_node *key = k ? dom_first(x->html, row, k) : NULL, *value = v ? dom_first(x->html, row, v) : NULL;
    if (!key || !value) return;
    if (x->npairs == x->cappairs) {
        size_t cap = x->cappairs ? x->cappairs * 2 : 16;
        x->pairs = mem_grow(x->pairs, cap * sizeof *x->pairs);
        memset(x->pairs + x->cappairs, 0, (cap - x->cappairs) * sizeof *x->pairs);
        x->cappairs = cap;
    }
    struct pair *p = &x->pairs[x->npairs++];
    p->key.n = 0;
    dom_text(key, " ", &p->key);
    while (p->key.n && (p->key.p[p->key.n - 1] == ':' || p->key.p[p->key.n - 1] == ' ')) p->key.n--;
    p->value = value;
}

bool ex_keep(void *ctx, struct dom_node *n) {
    struct rows *r = ctx;
    if (r->len == r->cap) r->n = mem_grow(r->n, (r->cap = r->cap ? r->cap * 2 : 32) * sizeof *r->n);
    r->n[r->len++] = n;
    return r->len < 100000;
}

/* The pairs of an item: looked for once. */
static void find_pairs(struct extractor *x, struct dom_node *of) {
    struct dom_selector *s = ex_selector(x, x->def->pair_each);
    struct rows r = {0};
    if (x->pairs_of == of || !s) return;
    x->npairs = 0;
    x->pairs_of = of;
    dom_select(x->html, of, s, ex_keep, &r);
    for (size_t i = 0; i < r.len; i++) add_pair(x, r.n[i]);
    free(r.n);
}

static bool take_pair(struct extractor *x, const struct ex_take *t, const struct item *it, struct buf *out) {
    size_t from = out->n;
    bool any = false;
    if (!x->is_html || !x->def->pair_each) return false;
    find_pairs(x, it->n ? it->n : x->root.n);
    struct ex_take how = *t;
    if (!how.br) how.br = x->def->pair_break;
    for (size_t l = 0; l < t->labels.n; l++)
        for (size_t i = 0; i < x->npairs; i++) {
            if (!sv_is((struct sv){buf_text(&x->pairs[i].key), x->pairs[i].key.n}, t->labels.s[l])) continue;
            out->n = from;
            ex_node(x, &how, x->pairs[i].value, out);
            any = true;
            if (out->n - from > 2) return true; /* the first that holds something */
        }
    return any;
}

struct ld_search {
    struct extractor *x;
    const char *pointer;
    struct buf *out;
    bool found;
};

static bool ld_in(struct ld_search *s, struct jval v) {
    struct jval got, e, graph;
    uint32_t pos = 0;
    if (ex_pointer(v, s->pointer, &got)) {
        ex_compact(s->out, got);
        return true;
    }
    if (jv_type(v) == JT_OBJ && jv_get(v, SV("@graph"), &graph)) v = graph;
    if (jv_type(v) != JT_ARR) return false;
    while (jv_each(v, &pos, NULL, &e))
        if (ex_pointer(e, s->pointer, &got)) {
            ex_compact(s->out, got);
            return true;
        }
    return false;
}

static bool ld_script(void *ctx, struct dom_node *n) {
    struct ld_search *s = ctx;
    struct buf *b = &s->x->ld_text;
    struct jerr je;
    b->n = 0;
    dom_text(n, " ", b); /* line breaks inside of strings, which shops write, become blanks */
    s->x->ld.n = 0;
    if (!json_scan(&s->x->ld, buf_text(b), b->n, 0, &je)) return true;
    s->found = ld_in(s, (struct jval){b->p, s->x->ld.t, 0});
    return !s->found;
}

static bool take_ld(struct extractor *x, const struct ex_take *t, struct buf *out) {
    struct ld_search s = {x, t->what, out, false};
    struct dom_selector *sel = x->is_html ? ex_selector(x, "script[type=\"application/ld+json\" i]") : NULL;
    if (sel) dom_select(x->html, x->root.n, sel, ld_script, &s);
    return s.found;
}

static bool take_raw(struct extractor *x, const struct ex_take *t, const struct item *it, struct buf *out) {
    struct jval v;
    switch (t->kind) {
    case EX_AT:
        v = t->root || !it->v.t ? x->root.v : it->v;
        if (x->is_html || !v.t || !ex_pointer(v, t->what, &v)) return false;
        ex_compact(out, v);
        return true;
    case EX_SELECT:
        return take_select(x, t, it, out);
    case EX_PAIR:
        return take_pair(x, t, it, out);
    case EX_JSON_LD:
        return take_ld(x, t, out);
    case EX_VAR:
        return x->doc.var && x->doc.var(x->doc.ctx, t->what, out);
    case EX_VALUE:
        buf_str(out, t->what);
        return true;
    default:
        return false;
    }
}

/* The text of a JSON value: strings unescaped, others as they are. */
static void plain_text(struct sv json, struct buf *out) {
    struct jtoks toks = {0};
    struct jerr je;
    if (json.n && json.p[0] == '"' && json_scan(&toks, json.p, json.n, 0, &je))
        jv_unescape((struct jval){json.p, toks.t, 0}, out);
    else
        buf_sv(out, json);
    jtoks_free(&toks);
}

/* match and url, on what stands in out from `from` on. */
static bool refine(struct extractor *x, const struct ex_take *t, struct buf *out, size_t from) {
    struct buf text = {0}, made = {0};
    struct sv found;
    bool ok = true;
    plain_text((struct sv){out->p + from, out->n - from}, &text);
    found = (struct sv){buf_text(&text), text.n};
    if (t->match) {
        struct match *r = ex_regex(x, t->match);
        ok = r && match_find(r, found, &found);
    }
    if (ok && t->url) {
        char *ref = mem_alloc(found.n + 1);
        size_t n = 0;
        for (size_t i = 0; i < found.n; i++) { /* references are escaped as HTML even where JSON holds them */
            ref[n++] = found.p[i];
            if (found.p[i] == '&' && found.n - i >= 5 && memcmp(found.p + i, "&amp;", 5) == 0) i += 4;
        }
        ok = found.n && url_resolve(x->doc.url, ref, &made);
        found = (struct sv){buf_text(&made), made.n};
        free(ref);
    }
    out->n = from;
    if (ok) json_quote(out, found);
    buf_free(&text);
    buf_free(&made);
    return ok;
}

bool ex_nothing(const struct buf *b, size_t from) {
    struct sv s = {b->p + from, b->n - from};
    return sv_is(s, "null") || sv_is(s, "\"\"");
}

bool ex_value(struct extractor *x, const struct ex_take *t, const struct item *it, struct buf *out) {
    size_t from = out->n;
    bool got = false;
    for (; t; t = t->otherwise) {
        struct buf mine = {0};
        bool has = take_raw(x, t, it, &mine);
        if (has && (t->match || t->url) && !t->all) has = !ex_nothing(&mine, 0) && refine(x, t, &mine, 0);
        if (has) {
            out->n = from;
            buf_add(out, mine.p, mine.n);
            got = true;
        }
        buf_free(&mine);
        if (got && !ex_nothing(out, from)) return true;
    }
    return got;
}

bool extractor_take(struct extractor *x, const struct ex_take *t, struct buf *out) {
    if (ex_takes_value(t, 1)) ex_need(x, EX_AT);
    return ex_value(x, t, &x->root, out);
}

bool extractor_at(struct extractor *x, const char *pointer, struct buf *out) {
    struct jval v;
    ex_need(x, EX_AT);
    if (x->is_html || !x->root.v.t || !ex_pointer(x->root.v, pointer, &v)) return false;
    struct buf b = {0};
    ex_compact(&b, v);
    plain_text((struct sv){buf_text(&b), b.n}, out);
    buf_free(&b);
    return true;
}

bool extractor_test(struct extractor *x, const struct ex_test *t) {
    struct buf json = {0}, text = {0};
    struct ex_take how = {.kind = t->kind, .what = t->what};
    struct sv found;
    bool there = true;
    if (t->kind == EX_NONE) {
        buf_sv(&text, x->text);
    } else {
        ex_need(x, t->kind);
        there = ex_value(x, &how, &x->root, &json);
        if (there) plain_text((struct sv){buf_text(&json), json.n}, &text);
    }
    found = (struct sv){buf_text(&text), text.n};
    bool ok = t->exists < 0 || there == (t->exists != 0);
    if (ok && t->in.n) ok = there && strs_has(t->in, found);
    if (ok && t->match) {
        struct match *r = ex_regex(x, t->match);
        ok = there && r && match_find(r, found, &found);
    }
    buf_free(&json);
    buf_free(&text);
    return ok;
}

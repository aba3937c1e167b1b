/* See extract.h. */
#include "extract/extract.h"

#include <strings.h>

#include "extract/charset.h"
#include "extract/dom.h"
#include "extract/match.h"
#include "extract/xml.h"
#include "io/reader.h"
#include "json/scan.h"

struct known_regex {
    const char *text;
    struct match *r;
    struct known_regex *next;
};
struct pair {
    struct buf key;
    struct dom_node *value;
};
struct item { /* where values are looked for */
    struct jval v;
    struct dom_node *n;
};
struct extractor {
    struct dom *html;
    struct known_regex *regexes;
    const struct ex_def *def;
    struct ex_doc doc;
    bool is_html, is_csv, unread; /* unread: a text that nobody has asked for as a value yet */
    struct buf decoded, json, ld_text;
    struct sv text; /* the decoded body */
    struct jtoks toks, ld;
    struct item root;
    struct pair *pairs;
    size_t npairs, cappairs;
    struct dom_node *pairs_of;
    struct buf key, tmp;
};

struct extractor *extractor_new(void) {
    struct extractor *x = mem_alloc(sizeof *x);
    x->html = dom_new();
    return x;
}

void extractor_free(struct extractor *x) {
    if (!x) return;
    for (struct known_regex *k = x->regexes, *next; k; k = next) {
        next = k->next;
        match_free(k->r);
        free(k);
    }
    for (size_t i = 0; i < x->cappairs; i++) buf_free(&x->pairs[i].key);
    free(x->pairs);
    dom_free(x->html);
    buf_free(&x->decoded);
    buf_free(&x->json);
    buf_free(&x->ld_text);
    buf_free(&x->key);
    buf_free(&x->tmp);
    jtoks_free(&x->toks);
    jtoks_free(&x->ld);
    free(x);
}

/* ---- definitions ------------------------------------------------------------------------------------------------ */

static struct match *regex_of(const struct extractor *x, const char *text) {
    for (struct known_regex *k = x->regexes; k; k = k->next)
        if (k->text == text) return k->r;
    return NULL;
}

static int prepare_regex(struct extractor *x, const char *text, struct err *e) {
    struct match *r;
    if (!text || regex_of(x, text)) return ERR_OK;
    int rc = match_new(&r, text, e);
    if (rc) return rc;
    struct known_regex *k = mem_alloc(sizeof *k);
    *k = (struct known_regex){text, r, x->regexes};
    x->regexes = k;
    return ERR_OK;
}

static int prepare_selector(struct extractor *x, const char *text, struct err *e) {
    struct dom_selector *s;
    return text ? dom_selector(x->html, text, &s, e) : ERR_OK;
}

int extractor_prepare_take(struct extractor *x, const struct ex_take *t, struct err *e) {
    int rc = ERR_OK;
    for (; t && rc == ERR_OK; t = t->otherwise) {
        if (t->kind == EX_SELECT) rc = prepare_selector(x, t->what, e);
        if (rc == ERR_OK) rc = prepare_regex(x, t->match, e);
    }
    return rc;
}

int extractor_prepare_test(struct extractor *x, const struct ex_test *t, struct err *e) {
    int rc = t->kind == EX_SELECT ? prepare_selector(x, t->what, e) : ERR_OK;
    return rc == ERR_OK ? prepare_regex(x, t->match, e) : rc;
}

int extractor_prepare(struct extractor *x, const struct ex_def *d, struct err *e) {
    int rc = ERR_OK;
    if (d->each && *d->each && *d->each != '/') rc = prepare_selector(x, d->each, e);
    if (rc == ERR_OK) rc = prepare_selector(x, d->pair_each, e);
    if (rc == ERR_OK) rc = prepare_selector(x, d->pair_key, e);
    if (rc == ERR_OK) rc = prepare_selector(x, d->pair_value, e);
    for (size_t i = 0; i < d->nfields && rc == ERR_OK; i++) rc = extractor_prepare_take(x, &d->fields[i], e);
    for (size_t i = 0; i < d->nadd && rc == ERR_OK; i++) rc = extractor_prepare_take(x, &d->add[i], e);
    return rc;
}

static struct dom_selector *selector_of(struct extractor *x, const char *text) {
    struct dom_selector *s = NULL;
    struct err e;
    return dom_selector(x->html, text, &s, &e) == ERR_OK ? s : NULL;
}

/* ---- opening ---------------------------------------------------------------------------------------------------- */

static bool holds(const char *s, const char *word) {
    return s && strcasestr(s, word);
}

static enum ex_format format_found(const struct extractor *x, const char *type) {
    size_t i = 0;
    while (i < x->text.n && strchr(" \t\r\n", x->text.p[i])) i++;
    struct sv t = {x->text.p + i, x->text.n - i};
    if (t.n && (t.p[0] == '{' || t.p[0] == '[')) return EX_JSON;
    if (holds(type, "json")) return EX_JSON;
    if (holds(type, "html") || (t.n > 14 && strncasecmp(t.p, "<!doctype html", 14) == 0)) return EX_HTML;
    if (holds(type, "xml") || (t.n > 5 && memcmp(t.p, "<?xml", 5) == 0)) return EX_XML;
    if (holds(type, "csv")) return EX_CSV;
    return t.n && t.p[0] == '<' ? EX_HTML : EX_TEXT;
}

static bool scan_json(struct extractor *x, struct sv text, char why[EX_WHY]) {
    struct jerr je;
    size_t i = 0;
    x->toks.n = 0;
    if (text.n >= UINT32_MAX / 2) {
        snprintf(why, EX_WHY, "the JSON is too large");
        return false;
    }
    if (!text.p) text = (struct sv){"", 0};
    if (json_scan(&x->toks, text.p, text.n, 0, &je)) {
        x->root.v = (struct jval){text.p, x->toks.t, 0};
        return true;
    }
    while (i < text.n && strchr(" \t\r\n", text.p[i])) i++;
    if (i == text.n)
        snprintf(why, EX_WHY, "expected JSON, the answer is empty");
    else if (text.p[i] == '<')
        snprintf(why, EX_WHY, "expected JSON, the answer is HTML or XML");
    else
        snprintf(why, EX_WHY, "no JSON: %s at byte %zu", je.what, je.at);
    return false;
}

static bool csv_to_json(struct extractor *x, char why[EX_WHY]) {
    struct reader *r = NULL;
    struct rblock b = {0};
    struct err e = {0};
    const char *name = "answer";
    bool more = true, first = true;
    struct reader_opt o = {
        .format = FMT_CSV, .delimiter = x->def->delimiter, .text = x->text.p ? x->text.p : "", .text_n = x->text.n};
    int rc = reader_open(&r, &name, 1, &o, &e);
    buf_chr(&x->json, '[');
    while (rc == ERR_OK && more && (rc = reader_next(r, &b, &more, &e)) == ERR_OK) {
        for (size_t i = 0; i < b.n; i++, first = false) {
            if (!first) buf_chr(&x->json, ',');
            if (b.l[i].bad)
                json_text_quote(&x->json, b.l[i].bad);
            else
                buf_add(&x->json, b.data.p + b.l[i].off, b.l[i].len);
        }
    }
    buf_chr(&x->json, ']');
    if (rc) snprintf(why, EX_WHY, "no CSV: %.150s", e.msg);
    reader_close(r);
    rblock_free(&b);
    return rc == ERR_OK;
}

static bool takes_value(const struct ex_take *t, size_t n) {
    for (size_t i = 0; i < n; i++)
        for (const struct ex_take *k = &t[i]; k; k = k->otherwise)
            if (k->kind == EX_AT) return true;
    return false;
}

/* Are the records of a text made of the text itself? */
static bool wants_value(const struct ex_def *d) {
    return d->each || !d->nfields || takes_value(d->fields, d->nfields) || takes_value(d->add, d->nadd);
}

/* The text as one JSON string. */
static bool read_text(struct extractor *x, char why[EX_WHY]) {
    x->unread = false;
    json_quote(&x->json, x->text);
    return scan_json(x, (struct sv){x->json.p, x->json.n}, why);
}

static void need_value(struct extractor *x, enum ex_kind kind) {
    char why[EX_WHY];
    if (!x->unread || kind != EX_AT) return;
    if (!read_text(x, why) || x->json.over) x->root = (struct item){0};
}

static bool open_as(struct extractor *x, enum ex_format f, char why[EX_WHY]) {
    const char *reason;
    x->json.n = 0;
    switch (f) {
    case EX_HTML:
        x->is_html = true;
        if (dom_parse(x->html, x->text, &reason)) {
            x->root.n = dom_root(x->html);
            return true;
        }
        snprintf(why, EX_WHY, "%s", reason);
        return false;
    case EX_XML:
        if (!xml_to_json(x->text, &x->json, why, EX_WHY)) return false;
        break;
    case EX_CSV:
        x->is_csv = true;
        if (!csv_to_json(x, why)) return false;
        break;
    case EX_TEXT:
        x->unread = true;
        return !wants_value(x->def) || read_text(x, why);
    default:
        return scan_json(x, x->text, why);
    }
    return scan_json(x, (struct sv){x->json.p, x->json.n}, why);
}

bool extractor_open(struct extractor *x, const struct ex_def *def, const struct ex_doc *doc, char why[EX_WHY]) {
    x->def = def;
    x->doc = *doc;
    x->is_html = x->is_csv = x->unread = false;
    x->root = (struct item){0};
    x->pairs_of = NULL;
    x->decoded.n = 0;
    x->decoded.over = x->json.over = false;
    x->decoded.max = x->json.max = doc->max * 3;
    charset_decode(doc->body, def->encoding, doc->content_type, &x->decoded, &x->text);
    bool ok = open_as(x, def->format ? def->format : format_found(x, doc->content_type), why);
    if (ok && (x->decoded.over || x->json.over)) {
        snprintf(why, EX_WHY, "the answer is too large");
        ok = false;
    }
    return ok;
}

/* ---- values ----------------------------------------------------------------------------------------------------- */

static bool pointer_get(struct jval v, const char *p, struct jval *out) {
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
static void put_compact(struct buf *b, struct jval v) {
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

static void put_node(struct extractor *x, const struct ex_take *t, struct dom_node *n, struct buf *out) {
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
    put_node(g->x, g->t, n, g->out);
    return g->t->all;
}

static bool take_select(struct extractor *x, const struct ex_take *t, const struct item *it, struct buf *out) {
    struct dom_selector *s = selector_of(x, t->what);
    struct gather g = {x, t, out, 0};
    if (!x->is_html || !s) return false;
    dom_select(x->html, t->root || !it->n ? x->root.n : it->n, s, gather_node, &g);
    if (g.n && t->all) buf_chr(out, ']');
    return g.n > 0;
}

static void add_pair(struct extractor *x, struct dom_node *row) {
    struct dom_selector *k = selector_of(x, x->def->pair_key), *v = selector_of(x, x->def->pair_value);
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

struct rows {
    struct dom_node **n;
    size_t len, cap;
};

static bool keep_row(void *ctx, struct dom_node *n) {
    struct rows *r = ctx;
    if (r->len == r->cap) r->n = mem_grow(r->n, (r->cap = r->cap ? r->cap * 2 : 32) * sizeof *r->n);
    r->n[r->len++] = n;
    return r->len < 100000;
}

/* The pairs of an item: looked for once. */
static void find_pairs(struct extractor *x, struct dom_node *of) {
    struct dom_selector *s = selector_of(x, x->def->pair_each);
    struct rows r = {0};
    if (x->pairs_of == of || !s) return;
    x->npairs = 0;
    x->pairs_of = of;
    dom_select(x->html, of, s, keep_row, &r);
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
            put_node(x, &how, x->pairs[i].value, out);
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
    if (pointer_get(v, s->pointer, &got)) {
        put_compact(s->out, got);
        return true;
    }
    if (jv_type(v) == JT_OBJ && jv_get(v, SV("@graph"), &graph)) v = graph;
    if (jv_type(v) != JT_ARR) return false;
    while (jv_each(v, &pos, NULL, &e))
        if (pointer_get(e, s->pointer, &got)) {
            put_compact(s->out, got);
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
    struct dom_selector *sel = x->is_html ? selector_of(x, "script[type=\"application/ld+json\" i]") : NULL;
    if (sel) dom_select(x->html, x->root.n, sel, ld_script, &s);
    return s.found;
}

static bool take_raw(struct extractor *x, const struct ex_take *t, const struct item *it, struct buf *out) {
    struct jval v;
    switch (t->kind) {
    case EX_AT:
        v = t->root || !it->v.t ? x->root.v : it->v;
        if (x->is_html || !v.t || !pointer_get(v, t->what, &v)) return false;
        put_compact(out, v);
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
        struct match *r = regex_of(x, t->match);
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

static bool is_nothing(const struct buf *b, size_t from) {
    struct sv s = {b->p + from, b->n - from};
    return sv_is(s, "null") || sv_is(s, "\"\"");
}

static bool take(struct extractor *x, const struct ex_take *t, const struct item *it, struct buf *out) {
    size_t from = out->n;
    bool got = false;
    for (; t; t = t->otherwise) {
        struct buf mine = {0};
        bool has = take_raw(x, t, it, &mine);
        if (has && (t->match || t->url) && !t->all) has = !is_nothing(&mine, 0) && refine(x, t, &mine, 0);
        if (has) {
            out->n = from;
            buf_add(out, mine.p, mine.n);
            got = true;
        }
        buf_free(&mine);
        if (got && !is_nothing(out, from)) return true;
    }
    return got;
}

bool extractor_take(struct extractor *x, const struct ex_take *t, struct buf *out) {
    if (takes_value(t, 1)) need_value(x, EX_AT);
    return take(x, t, &x->root, out);
}

bool extractor_at(struct extractor *x, const char *pointer, struct buf *out) {
    struct jval v;
    need_value(x, EX_AT);
    if (x->is_html || !x->root.v.t || !pointer_get(x->root.v, pointer, &v)) return false;
    struct buf b = {0};
    put_compact(&b, v);
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
        need_value(x, t->kind);
        there = take(x, &how, &x->root, &json);
        if (there) plain_text((struct sv){buf_text(&json), json.n}, &text);
    }
    found = (struct sv){buf_text(&text), text.n};
    bool ok = t->exists < 0 || there == (t->exists != 0);
    if (ok && t->in.n) ok = there && strs_has(t->in, found);
    if (ok && t->match) {
        struct match *r = regex_of(x, t->match);
        ok = there && r && match_find(r, found, &found);
    }
    buf_free(&json);
    buf_free(&text);
    return ok;
}

/* ---- records ---------------------------------------------------------------------------------------------------- */

static bool put_fields(struct extractor *x, const struct ex_take *t, size_t n, const struct item *it, struct buf *out,
                       const char **missing) {
    for (size_t i = 0; i < n; i++) {
        if (out->n > 1) buf_chr(out, ',');
        json_text_quote(out, t[i].name);
        buf_chr(out, ':');
        size_t from = out->n;
        if (!take(x, &t[i], it, out)) {
            out->n = from;
            buf_str(out, "null");
        }
        if (t[i].required && is_nothing(out, from)) {
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
        put_node(x, &(struct ex_take){0}, it->n, &b);
    } else if (!it->v.t) {
        return ERR_OK; /* neither a node nor a value: no item */
    } else {
        put_compact(&b, it->v);
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
    struct dom_selector *s = selector_of(x, x->def->each);
    int rc = ERR_OK;
    if (s) dom_select(x->html, x->root.n, s, keep_row, &r);
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
        found = pointer_get(root, arena_strn(&a, at, n), list) && jv_type(*list) != JT_NULL;
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

/*
 * See schema_build.h: documents, $id, and what a $ref leads to.
 *
 * Every place a URI can name is in build.places: each document under the URI it
 * was found at, each $id under its absolute URI, each $id "#name" as URI#name.
 * Only where draft-07 expects a subschema is $id looked for: inside enum, const
 * or an unknown keyword it is data. A $ref is resolved against the base URI of
 * its subschema, the document is taken from places or read from the schema
 * directory, then the fragment is followed as a JSON pointer or a name.
 */
#include "json/schema_build.h"
#include "json/schema_uri.h"

static void add_place(struct build *b, struct sv uri, uint32_t doc, uint32_t tok) {
    if (b->nplaces == b->cap_places) {
        b->cap_places = b->cap_places ? b->cap_places * 2 : 32;
        b->place = mem_grow(b->place, b->cap_places * sizeof *b->place);
    }
    struct sv key = {arena_strn(&b->tmp, uri.p, uri.n), uri.n};
    if (schema_set_add(&b->places, &b->tmp, key, b->nplaces))
        b->place[b->nplaces++] = (struct place){doc, tok}; /* the first one counts */
}

static const struct place *find_place(const struct build *b, struct sv uri) {
    uint32_t k = schema_set_find(&b->places, uri);
    return k == NONE ? NULL : &b->place[k];
}

/* ---- $id ---- */

/* The base URI inside a subschema whose $id is `id`; notes both its URI and its name. */
static const char *enter_id(struct build *b, uint32_t doc, struct jval id, uint32_t tok, const char *base) {
    size_t n;
    char *text = jv_str(id, &b->tmp, &n);
    struct sv frag = schema_uri_split((struct sv){text, n}).fragment;
    struct buf uri = {0};
    schema_uri_resolve(&uri, sv_of(base), (struct sv){text, n});
    const char *inner = arena_strn(&b->tmp, buf_text(&uri), uri.n);
    if (n && text[0] != '#') add_place(b, sv_of(inner), doc, tok);
    if (frag.n) {
        buf_chr(&uri, '#');
        schema_uri_unescape(&uri, frag);
        add_place(b, (struct sv){uri.p, uri.n}, doc, tok);
    }
    buf_free(&uri);
    return inner;
}

static void add_anchor(struct build *b, uint32_t doc, struct jval name, uint32_t tok, const char *base) {
    struct buf uri = {0};
    buf_fmt(&uri, "%s#", base);
    jv_unescape(name, &uri);
    add_place(b, (struct sv){uri.p, uri.n}, doc, tok);
    buf_free(&uri);
}

static void index_children(struct build *b, uint32_t doc, const struct keyword *k, struct jval v, const char *base) {
    bool one = k->shape == SHAPE_SCHEMA || (k->shape == SHAPE_ITEMS && jv_type(v) == JT_OBJ);
    bool many =
        k->shape == SHAPE_SCHEMAS || k->shape == SHAPE_ITEMS || k->shape == SHAPE_MAP || k->shape == SHAPE_DEPENDENCIES;
    if (one) {
        schema_ref_index(b, doc, v.i, base);
    } else if (many) {
        uint32_t pos = 0;
        for (struct jval e; jv_each(v, &pos, NULL, &e);) schema_ref_index(b, doc, e.i, base);
    }
}

/* Note the base URI of the subschema at tok and of all in it. Recursion is bounded by JSON_DEPTH. */
void schema_ref_index(struct build *b, uint32_t doc, uint32_t tok, const char *base) {
    struct doc *d = b->s->docs[doc];
    struct jval v = schema_doc_val(d, tok), id, key, val;
    if (d->base[tok]) return;
    d->base[tok] = base;
    if (jv_type(v) != JT_OBJ) return;
    bool is_ref = jv_get(v, SV("$ref"), &id) && !d->modern; /* then its siblings mean nothing */
    if (!is_ref && jv_get(v, SV("$id"), &id) && jv_type(id) == JT_STR) {
        base = enter_id(b, doc, id, tok, base);
        d->base[tok] = base;
    }
    if (d->modern && jv_get(v, SV("$anchor"), &id) && jv_type(id) == JT_STR) add_anchor(b, doc, id, tok, base);
    uint32_t pos = 0;
    while (jv_each(v, &pos, &key, &val)) {
        const struct keyword *k = schema_keyword_find(d, key);
        if (k && (!is_ref || sv_is(sv_of(k->name), "definitions"))) index_children(b, doc, k, val, base);
    }
}

/* ---- documents ---- */

/* Which version of JSON Schema the document says it is. */
static void read_draft(struct doc *d) {
    static const struct {
        const char *in, *name;
        uint8_t modern;
    } drafts[] = {{"/draft/2020-12/", "2020-12", 2},
                  {"/draft/2019-09/", "2019-09", 1},
                  {"/draft-04/", "draft-04", 0},
                  {"/draft-03/", "draft-03", 0}};
    struct jval v;
    if (!jv_get(schema_doc_val(d, 0), SV("$schema"), &v) || jv_type(v) != JT_STR) return;
    struct sv s = jv_raw(v);
    for (size_t k = 0; k < sizeof drafts / sizeof *drafts; k++) {
        if (!memmem(s.p, s.n, drafts[k].in, strlen(drafts[k].in))) continue;
        d->draft = drafts[k].name;
        d->modern = drafts[k].modern;
        return;
    }
}

/* Takes the text. On text that is no JSON: a complaint and false. */
static bool add_doc(struct build *b, const char *name, const char *uri, char *text, size_t len) {
    struct schema *s = b->s;
    struct doc *d = arena_alloc(&s->a, sizeof *d);
    struct jerr je;
    s->docs = mem_grow(s->docs, (s->ndocs + 1) * sizeof *s->docs);
    s->docs[s->ndocs++] = d;
    *d = (struct doc){.name = arena_str(&s->a, name), .uri = arena_str(&s->a, uri), .text = text, .len = len};
    if (!json_scan(&d->toks, text, len, 0, &je)) {
        schema_build_complain_at(b, s->ndocs - 1, je.at, je.what);
        return false;
    }
    d->base = mem_alloc(d->toks.n * sizeof *d->base);
    d->node = mem_alloc(d->toks.n * sizeof *d->node);
    read_draft(d);
    add_place(b, sv_of(d->uri), s->ndocs - 1, 0);
    schema_ref_index(b, s->ndocs - 1, 0, d->uri);
    return true;
}

int schema_ref_add_main(struct build *b, const char *name, const char *text, size_t len, struct err *e) {
    char *copy = mem_alloc(len + 1);
    memcpy(copy, text, len);
    return add_doc(b, name, "", copy, len) ? ERR_OK : schema_build_report(b, e);
}

/* The place of a document: known, built in, or read now. */
static const struct place *find_document(struct build *b, const struct pending *p, const char *uri, struct jval ref) {
    const struct place *found = find_place(b, sv_of(uri));
    if (found) return found;
    struct buf looked = {0};
    size_t len;
    const char *name;
    char *text = schema_dir_load(b, uri, &len, &name, &looked);
    if (text) {
        /* as `found` may be noted under another URI, by the $id at its root, look again; a broken document told its own
         * story */
        if (add_doc(b, name, uri, text, len)) found = find_place(b, sv_of(uri));
    } else {
        schema_build_complain(b, p->doc, ref, "$ref \"%.*s\" leads nowhere: no document \"%.120s\"%s",
                              (int)jv_raw(ref).n, jv_raw(ref).p, uri, buf_text(&looked));
    }
    buf_free(&looked);
    return found;
}

/* ---- fragments ---- */

/* One segment of a pointer, ~1 and ~0 decoded, as a member or element of v. */
static bool step_into(struct jval *v, const char *seg, size_t n) {
    struct buf name = {0};
    bool ok = false;
    for (size_t i = 0; i < n; i++) {
        bool esc = seg[i] == '~' && i + 1 < n && (seg[i + 1] == '0' || seg[i + 1] == '1');
        buf_chr(&name, esc ? (seg[i + 1] == '1' ? '/' : '~') : seg[i]);
        i += esc;
    }
    if (jv_type(*v) == JT_OBJ) {
        ok = jv_get(*v, (struct sv){name.p, name.n}, v);
    } else if (jv_type(*v) == JT_ARR && n > 0 && n < 10 && (seg[0] != '0' || n == 1)) {
        uint32_t want = 0, pos = 0;
        bool digits = true;
        for (size_t i = 0; i < n; i++) {
            digits &= seg[i] >= '0' && seg[i] <= '9';
            want = want * 10 + (uint32_t)(seg[i] - '0');
        }
        struct jval e;
        while (digits && !ok && jv_each(*v, &pos, NULL, &e)) ok = want-- == 0;
        if (ok) *v = e;
    }
    buf_free(&name);
    return ok;
}

/* Follow a JSON pointer from a place; gives the token, and the base URI that holds there. */
static bool follow(const struct doc *d, struct place *at, struct sv ptr, const char **base) {
    struct jval v = schema_doc_val(d, at->tok);
    const char *p = ptr.p, *end = ptr.p + ptr.n;
    *base = d->base[v.i];
    while (p < end) { /* at a slash */
        const char *q = memchr(p + 1, '/', (size_t)(end - p - 1));
        if (!q) q = end;
        if (!step_into(&v, p + 1, (size_t)(q - p - 1))) return false;
        if (d->base[v.i]) *base = d->base[v.i];
        p = q;
    }
    at->tok = v.i;
    return true;
}

static uint32_t resolve(struct build *b, const struct pending *p) {
    struct schema *s = b->s;
    struct jval ref = schema_doc_val(s->docs[p->doc], p->tok);
    size_t n;
    char *text = jv_str(ref, &b->tmp, &n);
    const char *base = s->docs[p->doc]->base[s->nodes[p->node].tok];
    uint32_t node = NONE;
    struct buf uri = {0}, frag = {0};
    schema_uri_resolve(&uri, sv_of(base), (struct sv){text, n});
    schema_uri_unescape(&frag, schema_uri_split((struct sv){text, n}).fragment);
    const struct place *found = find_document(b, p, buf_text(&uri), ref);
    if (!found) goto out;
    struct place at = *found;
    bool ok = true;
    if (frag.n && frag.p[0] == '/') {
        ok = follow(s->docs[at.doc], &at, (struct sv){frag.p, frag.n}, &base);
    } else if (frag.n) {
        buf_chr(&uri, '#');
        buf_add(&uri, frag.p, frag.n);
        found = find_place(b, (struct sv){uri.p, uri.n});
        ok = found;
        if (ok) at = *found;
    }
    if (!ok) {
        schema_build_complain(b, p->doc, ref, "$ref \"%.200s\" leads nowhere: %s has no \"%.120s\"", text,
                              at.doc == p->doc ? "the document" : s->docs[at.doc]->name, buf_text(&frag));
        goto out;
    }
    schema_ref_index(b, at.doc, at.tok, base); /* a target that is not where subschemas are expected */
    node = schema_build_node(b, at.doc, at.tok);
out:
    buf_free(&frag);
    buf_free(&uri);
    return node;
}

void schema_ref_resolve_all(struct build *b) {
    while (b->npending) {
        struct pending p = b->pending[--b->npending];
        uint32_t target = resolve(b, &p);
        if (target != NONE) b->s->nodes[p.node].ref = target;
    }
}

/* See schema_build.h: nodes, property names, complaints. */
#include "json/schema_build.h"

#define MAX_LINES 20
#define MORE_ROOM 32 /* bytes kept for "\n... and N more" */

/* ---- complaints ---- */

void schema_build_complain_at(struct build *b, uint32_t doc, size_t at, const char *text) {
    if (b->ncomplaints == b->cap_complaints) {
        b->cap_complaints = b->cap_complaints ? b->cap_complaints * 2 : 16;
        b->complaints = mem_grow(b->complaints, b->cap_complaints * sizeof *b->complaints);
    }
    b->complaints[b->ncomplaints++] = (struct complaint){doc, at, arena_str(&b->tmp, text)};
}

void schema_build_complain(struct build *b, uint32_t doc, struct jval at, const char *fmt, ...) {
    char text[400];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    schema_build_complain_at(b, doc, jv_tok(at)->off - (jv_type(at) == JT_STR), text); /* the quote is not in off */
}

static int by_place(const void *x, const void *y) {
    const struct complaint *a = x, *b = y;
    if (a->doc != b->doc) return a->doc < b->doc ? -1 : 1;
    return (a->at > b->at) - (a->at < b->at);
}

/* " (#/definitions/a/type)", for readers of large schemas; nothing for the root or a text that is no JSON */
static void add_place(struct buf *b, const struct doc *d, size_t at) {
    for (size_t i = 1; i < d->toks.n; i++) {
        const struct jtok *t = &d->toks.t[i];
        if (t->off - (t->type == JT_STR) != at) continue;
        buf_str(b, " (#");
        schema_pointer_add(b, schema_doc_val(d, 0), (uint32_t)i);
        buf_chr(b, ')');
        return;
    }
}

int schema_build_report(struct build *b, struct err *e) {
    if (!b->ncomplaints) return ERR_OK;
    struct buf all = {0};
    size_t limit = sizeof e->msg - MORE_ROOM, k = 0;
    qsort(b->complaints, b->ncomplaints, sizeof *b->complaints, by_place);
    for (; k < b->ncomplaints && k < MAX_LINES; k++) {
        const struct complaint *c = &b->complaints[k];
        const struct doc *d = b->s->docs[c->doc];
        size_t line, col, before = all.n;
        json_line_col(d->text, d->len, c->at, &line, &col);
        buf_fmt(&all, "%s%s:%zu:%zu: %s", k ? "\n" : "", d->name, line, col, c->text);
        add_place(&all, d, c->at);
        if (all.n > limit && k > 0) {
            all.n = before;
            all.p[before] = 0;
            break;
        }
    }
    if (k < b->ncomplaints) buf_fmt(&all, "\n... and %zu more", b->ncomplaints - k);
    err_set(e, ERR_CONFIG, "%s", buf_text(&all));
    buf_free(&all);
    return ERR_CONFIG;
}

/* ---- names ---- */

uint32_t schema_build_gid(struct build *b, struct jval string) {
    struct schema *s = b->s;
    size_t n;
    char *text = jv_str(string, &s->a, &n);
    struct sv name = {text, n};
    uint32_t gid = schema_set_find(&s->names, name);
    if (gid != NONE) return gid;
    if (s->nnames == s->cap_names) {
        s->cap_names = s->cap_names ? s->cap_names * 2 : 64;
        s->name = mem_grow(s->name, s->cap_names * sizeof *s->name);
    }
    s->name[s->nnames] = name;
    schema_set_add(&s->names, &s->a, name, s->nnames);
    return s->nnames++;
}

/* ---- nodes ---- */

static uint32_t new_node(struct build *b, uint32_t doc, uint32_t tok) {
    struct schema *s = b->s;
    if (s->nnodes == s->cap_nodes) {
        s->cap_nodes = s->cap_nodes ? s->cap_nodes * 2 : 64;
        s->nodes = mem_grow(s->nodes, s->cap_nodes * sizeof *s->nodes);
    }
    s->nodes[s->nnodes] = (struct node){.doc = doc, .tok = tok, .ref = NONE};
    s->docs[doc]->node[tok] = s->nnodes + 1;
    return s->nnodes++;
}

static struct op *new_op(struct making *m) {
    if (m->nops == m->cap) {
        m->cap = m->cap ? m->cap * 2 : 8;
        m->ops = mem_grow(m->ops, m->cap * sizeof *m->ops);
    }
    m->ops[m->nops] = (struct op){0};
    return &m->ops[m->nops++];
}

static void keep_ops(struct making *m, uint32_t node) {
    struct node *n = &m->b->s->nodes[node];
    if (m->nops) {
        n->ops = arena_alloc(&m->b->s->a, m->nops * sizeof *n->ops);
        memcpy(n->ops, m->ops, m->nops * sizeof *n->ops);
    }
    n->nops = m->nops;
    for (uint32_t k = 0; k < m->nops; k++) n->on |= m->ops[k].on;
    free(m->ops);
}

static void build_keyword(struct making *m, struct jval key, struct jval v) {
    const struct keyword *k = schema_keyword_find(m->b->s->docs[m->doc], key);
    struct jval last;
    size_t n;
    if (!k) schema_keyword_check_foreign(m->b, m->doc, key, v);
    if (!k || k->shape == SHAPE_ANY) {
        if (!k || !k->make) return;
    } else if (!schema_keyword_check_shape(m->b, m->doc, k, v)) {
        return;
    }
    char *name = jv_str(key, &m->b->tmp, &n);
    if (!k->make || !jv_get(m->schema, (struct sv){name, n}, &last) || last.i != v.i) return; /* the last one counts */
    struct op op = {.code = k->code, .on = k->on, .tok = v.i};
    if (k->make(m, &op, v) && op.on) *new_op(m) = op;
}

static void add_pending(struct build *b, uint32_t node, uint32_t doc, struct jval ref) {
    if (jv_type(ref) != JT_STR) {
        schema_build_complain(b, doc, ref, "\"$ref\" must be a string");
        return;
    }
    if (b->npending == b->cap_pending) {
        b->cap_pending = b->cap_pending ? b->cap_pending * 2 : 64;
        b->pending = mem_grow(b->pending, b->cap_pending * sizeof *b->pending);
    }
    b->pending[b->npending++] = (struct pending){node, doc, ref.i};
    b->s->nodes[node].ref = node; /* to itself until it is resolved */
}

/* A $ref: its siblings are ignored, but "definitions" beside it is where its target often is. */
static void build_ref(struct making *m, uint32_t node, struct jval ref) {
    struct jval defs;
    if (jv_get(m->schema, SV("definitions"), &defs) && jv_type(defs) == JT_OBJ) schema_make_map(m, NULL, defs);
    add_pending(m->b, node, m->doc, ref);
}

/* Since 2019-09 a $ref is a keyword among others: what it leads to is one more thing to conform to. */
static void build_modern_ref(struct making *m, uint32_t node, struct jval ref) {
    struct build *b = m->b;
    uint32_t target = new_node(b, m->doc, ref.i);
    struct list *l = arena_alloc(&b->s->a, sizeof *l);
    l->of = arena_alloc(&b->s->a, sizeof *l->of);
    l->of[l->n++] = target;
    *new_op(m) = (struct op){.code = OP_ALLOF, .on = T_ANY, .tok = ref.i, .list = l};
    b->s->nodes[target].tok = b->s->nodes[node].tok; /* the base URI is that of the subschema */
    add_pending(b, target, m->doc, ref);
}

uint32_t schema_build_node(struct build *b, uint32_t doc, uint32_t tok) {
    struct doc *d = b->s->docs[doc];
    struct jval v = schema_doc_val(d, tok), ref, key, val;
    if (d->node[tok]) return d->node[tok] - 1;
    uint32_t node = new_node(b, doc, tok);
    struct making m = {.b = b, .doc = doc, .schema = v};
    if (!schema_is_schema(v)) {
        schema_build_complain(b, doc, v, "expected a schema (an object, true or false)");
    } else if (jv_type(v) == JT_FALSE) {
        *new_op(&m) = (struct op){.code = OP_FALSE, .on = T_ANY, .tok = tok};
    } else if (jv_type(v) == JT_OBJ && jv_get(v, SV("$ref"), &ref) && !d->modern) {
        build_ref(&m, node, ref);
    } else if (jv_type(v) == JT_OBJ) {
        uint32_t pos = 0;
        if (jv_get(v, SV("$ref"), &ref)) build_modern_ref(&m, node, ref);
        while (jv_each(v, &pos, &key, &val)) build_keyword(&m, key, val);
    }
    keep_ops(&m, node);
    return node;
}

/* See transform.h. A record becomes a list of members (views of key and value text), the operations change the list,
 * and the list is written out. */
#include "transform/transform.h"

#include "base/log.h"

struct member {
    struct sv key;   /* decoded */
    struct sv value; /* JSON text */
};
struct tout {
    struct buf text;
    struct arena a;
    struct member *m;
    size_t n, cap;
    uint64_t rows, dropped;
    uint64_t *by_op;       /* dropped, by operation over all steps */
    const struct rec *bad; /* first record that is no object */
};
struct tctx {
    const struct pl_step *steps;
    size_t nsteps;
    struct reader *reader;
    int (*write)(void *ctx, const char *p, size_t n, uint64_t rows, struct err *e);
    void *ctx;
    struct transform_stats *st;
    size_t nops;
    uint64_t *by_op;
};

static struct member *find(struct tout *o, const char *key) {
    for (size_t i = 0; i < o->n; i++)
        if (sv_is(o->m[i].key, key)) return &o->m[i];
    return NULL;
}

static struct member *add(struct tout *o) {
    if (o->n == o->cap) {
        o->cap = o->cap ? o->cap * 2 : 64;
        o->m = mem_grow(o->m, o->cap * sizeof *o->m);
    }
    return &o->m[o->n++];
}

static void read_members(struct tout *o, struct jval rec) {
    uint32_t pos = 0;
    o->n = 0;
    for (struct jval key, val; jv_each(rec, &pos, &key, &val);) {
        size_t n;
        const char *k = jv_str(key, &o->a, &n);
        struct sv raw = jv_raw(val);
        if (jv_type(val) == JT_STR) raw = (struct sv){raw.p - 1, raw.n + 2}; /* with its quotes */
        struct member *m = find(o, k);
        if (!m) m = add(o);
        *m = (struct member){{k, n}, raw};
    }
}

static bool is_text(struct sv v) {
    return v.n >= 2 && v.p[0] == '"';
}

static bool op_when(struct tout *o, const struct pl_when *w) {
    for (size_t i = 0; i < w->n; i++) {
        const struct member *m = find(o, w->c[i].field);
        if (!m) return false;
        struct sv v = is_text(m->value) ? (struct sv){m->value.p + 1, m->value.n - 2} : m->value;
        if (is_text(m->value) && memchr(v.p, '\\', v.n)) { /* compare what it means, not how it is spelt */
            struct jtok t = {.off = 1, .len = (uint32_t)v.n, .next = 1, .type = JT_STR, .flags = JF_ESC};
            v.p = jv_str((struct jval){m->value.p, &t, 0}, &o->a, &v.n);
        }
        if (!strs_has(w->c[i].in, v)) return false;
    }
    return true;
}

static void op_select(struct tout *o, const struct pl_op *op) {
    size_t n = 0;
    for (size_t i = 0; i < o->n; i++)
        if (strs_has(op->fields, o->m[i].key) == (op->kind == OP_SELECT)) o->m[n++] = o->m[i];
    o->n = n;
}

/* A member that has the new name already gives way: one name, one member. */
static void rename_member(struct tout *o, struct member *m, const char *name) {
    size_t at = (size_t)(m - o->m), n = 0;
    for (size_t i = 0; i < o->n; i++) {
        if (i != at && sv_is(o->m[i].key, name)) continue;
        o->m[n] = o->m[i];
        if (i == at) o->m[n].key = sv_of(name);
        n++;
    }
    o->n = n;
}

static void op_set(struct tout *o, const struct pl_op *op) {
    for (size_t i = 0; i < op->fields.n; i++) {
        struct member *m = find(o, op->fields.s[i]);
        if (op->kind == OP_RENAME) {
            if (m) rename_member(o, m, op->values.s[i]);
            continue;
        }
        if (!m) m = add(o);
        *m = (struct member){sv_of(op->fields.s[i]), sv_of(op->values.s[i])};
    }
}

/* Does the text end in an escape of white space (\\t, \\n, \\r) whose backslash is not itself escaped? */
static bool blank_escape_at_end(struct sv s) {
    if (s.n < 2 || s.p[s.n - 2] != '\\' || !strchr("tnr", s.p[s.n - 1])) return false;
    size_t slashes = 0;
    while (slashes < s.n - 1 && s.p[s.n - 2 - slashes] == '\\') slashes++;
    return slashes % 2 == 1;
}

/* Blanks and NBSP (C2 A0) off both ends of the text inside the quotes, and white space that is written as an escape. */
static struct sv trimmed(struct sv v) {
    struct sv s = {v.p + 1, v.n - 2};
    for (;;) {
        if (s.n && (s.p[0] == ' ' || s.p[0] == '\t')) {
            s.p++, s.n--;
        } else if (s.n > 1 && (memcmp(s.p, "\xC2\xA0", 2) == 0 || (s.p[0] == '\\' && strchr("tnr", s.p[1])))) {
            s.p += 2, s.n -= 2;
        } else if (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t')) {
            s.n--;
        } else if (s.n > 1 && (memcmp(s.p + s.n - 2, "\xC2\xA0", 2) == 0 || blank_escape_at_end(s))) {
            s.n -= 2;
        } else {
            return s;
        }
    }
}

static struct sv quoted(struct tout *o, struct sv inside) {
    char *p = arena_alloc(&o->a, inside.n + 3);
    p[0] = '"';
    if (inside.n) memcpy(p + 1, inside.p, inside.n);
    p[inside.n + 1] = '"';
    return (struct sv){p, inside.n + 2};
}

/* "1,234.50" -> 1234.50 */
static struct sv number_of(struct tout *o, struct sv text) {
    struct sv s = trimmed(text);
    char *p = arena_alloc(&o->a, s.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] != ',' && s.p[i] != ' ') p[n++] = s.p[i];
    struct jtoks toks = {0};
    struct jerr je;
    bool ok = n && (p[0] == '-' || (p[0] >= '0' && p[0] <= '9')) && json_scan(&toks, p, n, 0, &je);
    jtoks_free(&toks);
    return ok ? (struct sv){p, n} : SV("null");
}

static void op_texts(struct tout *o, const struct pl_op *op) {
    for (size_t i = 0; i < op->fields.n; i++) {
        struct member *m = find(o, op->fields.s[i]);
        if (!m || !is_text(m->value)) continue;
        m->value = op->kind == OP_TRIM ? quoted(o, trimmed(m->value)) : number_of(o, m->value);
    }
}

/* false when the record is dropped */
static bool apply(struct tout *o, const struct pl_op *op) {
    switch (op->kind) {
    case OP_SELECT:
    case OP_REMOVE:
        op_select(o, op);
        return true;
    case OP_RENAME:
    case OP_SET:
        op_set(o, op);
        return true;
    case OP_TRIM:
    case OP_NUMBER:
        op_texts(o, op);
        return true;
    case OP_KEEP:
        return op_when(o, &op->when);
    default:
        return !op_when(o, &op->when);
    }
}

static void write_members(struct tout *o) {
    buf_chr(&o->text, '{');
    for (size_t i = 0; i < o->n; i++) {
        if (i) buf_chr(&o->text, ',');
        json_quote(&o->text, o->m[i].key);
        buf_chr(&o->text, ':');
        buf_sv(&o->text, o->m[i].value);
    }
    buf_str(&o->text, "}\n");
}

static void one_record(const struct tctx *c, const struct rec *r, struct tout *o) {
    if (!c->nsteps) {
        buf_add(&o->text, r->text, r->len);
        buf_chr(&o->text, '\n');
        o->rows++;
        return;
    }
    arena_reset(&o->a);
    read_members(o, r->v);
    size_t op = 0;
    for (size_t s = 0; s < c->nsteps; s++)
        for (size_t k = 0; k < c->steps[s].nops; k++, op++)
            if (!apply(o, &c->steps[s].ops[k])) {
                o->dropped++;
                o->by_op[op]++;
                return;
            }
    write_members(o);
    o->rows++;
}

static void work(void *ctx, struct batch *b, void *out) {
    struct tout *o = out;
    o->text.n = 0;
    o->rows = o->dropped = 0;
    const struct tctx *c = ctx;
    if (!o->by_op) o->by_op = mem_alloc((c->nops + 1) * sizeof *o->by_op);
    memset(o->by_op, 0, (c->nops + 1) * sizeof *o->by_op);
    o->bad = NULL;
    for (size_t i = 0; i < b->n && !o->bad; i++) {
        if (b->r[i].bad || jv_type(b->r[i].v) != JT_OBJ)
            o->bad = &b->r[i];
        else
            one_record(ctx, &b->r[i], o);
    }
}

static int take(void *ctx, struct batch *b, void *out, struct err *e) {
    struct tctx *c = ctx;
    struct tout *o = out;
    if (o->bad) {
        struct arena a = {0};
        int rc = err_set(e, ERR_DATA, "%s:%llu: %s; validate first", reader_name(c->reader, o->bad->file),
                         (unsigned long long)o->bad->line,
                         o->bad->bad ? rec_problem(o->bad, &a) : "the record is not an object");
        arena_free(&a);
        return rc;
    }
    c->st->rows_in += b->n;
    c->st->rows_out += o->rows;
    c->st->dropped += o->dropped;
    for (size_t i = 0; i < c->nops; i++) c->by_op[i] += o->by_op[i];
    return o->text.n ? c->write(c->ctx, o->text.p, o->text.n, o->rows, e) : ERR_OK;
}

static void out_free(void *p) {
    struct tout *o = p;
    buf_free(&o->text);
    arena_free(&o->a);
    free(o->m);
    free(o->by_op);
}

static void tell_reasons(const struct tctx *c) {
    size_t op = 0;
    for (size_t s = 0; s < c->nsteps; s++)
        for (size_t k = 0; k < c->steps[s].nops; k++, op++) {
            const char *reason = c->steps[s].ops[k].reason;
            if (c->by_op[op])
                log_info("%llu dropped: %s%s", (unsigned long long)c->by_op[op], reason ? "" : "step ",
                         reason ? reason : c->steps[s].name);
        }
}

int transform_run(const struct pl_step *steps, size_t n, struct reader *r, int threads,
                  int (*write)(void *ctx, const char *p, size_t n, uint64_t rows, struct err *e), void *ctx,
                  struct transform_stats *st, struct err *e) {
    *st = (struct transform_stats){0};
    struct tctx c = {.steps = steps, .nsteps = n, .reader = r, .write = write, .ctx = ctx, .st = st};
    for (size_t k = 0; k < n; k++) c.nops += steps[k].nops;
    c.by_op = mem_alloc((c.nops + 1) * sizeof *c.by_op);
    struct crew crew = {.threads = threads,
                        .out_size = sizeof(struct tout),
                        .ctx = &c,
                        .work = work,
                        .take = take,
                        .out_free = out_free};
    int rc = crew_run(&crew, r, e);
    if (rc == ERR_OK) tell_reasons(&c);
    free(c.by_op);
    return rc;
}

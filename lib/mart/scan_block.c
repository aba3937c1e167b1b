/* See scan_impl.h. A block's expressions become tables by code (eval.h), then its rows are grouped (group.h), then its
 * items are made of keys and aggregates: worked out per value where they read one column, as SQL where they read more.
 */
#include "base/log.h"
#include "mart/scan_impl.h"

/* ---- making a block ---- */

static char *text_of(struct mart_scan *s, struct span span) {
    struct buf b = {0};
    span_text(&s->toks, span, &b);
    char *text = arena_strn(&s->sql, buf_text(&b), b.n);
    buf_free(&b);
    return text;
}

static bool is_plain(const struct tokens *t, struct span s) {
    return s.b - s.a == 1 || (s.b - s.a == 3 && t->t[s.a + 1].kind == TOK_DOT && token_is_name(&t->t[s.a]));
}

/* Models ask the same of a table again and again (is it the day?): worked out once. Not what depends on the run. */
static bool make_pred(struct mart_scan *s, const struct node *n, const struct relation *in, const struct expr *x,
                      struct group_pred *out) {
    const char *text = text_of(s, x->s);
    bool again = n->table && n->b.alias.p == token_name(&s->toks.t[n->b.source]).p;
    for (uint32_t i = x->s.a; i < x->s.b; i++)
        again = again && (s->toks.t[i].kind != TOK_PARAM || s->toks.t[i].n == 3); /* :ds */
    if (!again) return eval_truth(&s->ev, in, x->col, n->b.alias, text, out);
    for (const struct seen_pred *k = n->table->seen; k; k = k->next) {
        if (strcmp(k->text, text) != 0) continue;
        *out = k->pred;
        return true;
    }
    struct eval ev = {s->ev.db, s->ev.params, &s->kept};
    if (!eval_truth(&ev, in, x->col, n->b.alias, text, out)) return false;
    struct seen_pred *k = arena_alloc(&s->a, sizeof *k);
    *k = (struct seen_pred){n->table->seen, arena_str(&s->a, text), *out};
    n->table->seen = k;
    return true;
}

bool scan_preds(struct mart_scan *s, const struct node *n, const struct relation *in, const struct expr *x, size_t nx,
                const struct expr *but, struct group_pred **out, size_t *nout) {
    *out = arena_alloc(&s->sql, (nx + 1) * sizeof **out);
    *nout = 0;
    for (size_t i = 0; i < nx; i++)
        if (&x[i] != but && !make_pred(s, n, in, &x[i], &(*out)[(*nout)++])) return false;
    return true;
}

/* own: in a dictionary of its own, to which values may be added. */
static bool make_value(struct mart_scan *s, const struct node *n, const struct relation *in, const struct expr *x,
                       bool own, struct group_value *out) {
    if (x->col >= 0 && !own && is_plain(&s->toks, x->s)) {
        *out = (struct group_value){.col = x->col, .dict = in->cols[x->col].dict};
        return true;
    }
    if (x->col >= 0) return eval_values(&s->ev, in, x->col, n->b.alias, text_of(s, x->s), out);
    *out = (struct group_value){.col = -1, .dict = keep_dict(&s->keep)};
    return eval_constant(&s->ev, text_of(s, x->s), out->dict, &out->constant);
}

static bool make_agg(struct mart_scan *s, const struct node *n, const struct relation *in, const struct block_agg *g,
                     struct group_agg *out) {
    struct group_pred *when = NULL;
    bool otherwise = g->otherwise.a < g->otherwise.b;
    *out = (struct group_agg){.kind = g->kind, .distinct = g->distinct, .star = g->value.s.a == g->value.s.b};
    if (out->star) return true;
    bool ok = make_value(s, n, in, &g->value, otherwise, &out->value) &&
              scan_preds(s, n, in, g->when, g->nwhen, NULL, &when, &out->nwhen);
    out->when = when;
    if (ok && otherwise) ok = eval_constant(&s->ev, text_of(s, g->otherwise), out->value.dict, &out->otherwise);
    return ok;
}

static void name_column(struct node *n, struct mart_scan *s, size_t i, const char *decl, bool bare) {
    n->rel.cols[i].name = arena_fmt(&s->sql, "c%zu", i);
    n->rel.cols[i].decl = decl;
    n->rel.cols[i].bare = bare;
}

int scan_group(struct mart_scan *s, struct node *n, const struct relation *in, const struct expr *day, bool *fits,
               struct err *e) {
    struct block *b = &n->b;
    struct group_pred *where;
    size_t used = s->keep.bytes + s->kept.bytes, all = s->memory / 4 * 3; /* the rest is SQLite's */
    for (size_t i = 0; i < s->ntables; i++) used += day_table_bytes(&s->tables[i].t);
    struct group_plan p = {
        .in = in, .threads = s->threads, .memory = all > used ? all - used : 0, .naggs = b->naggs, .nkeys = b->nkeys};
    struct group_value *keys = arena_alloc(&s->sql, (b->nkeys + 1) * sizeof *keys);
    struct group_agg *aggs = arena_alloc(&s->sql, (b->naggs + 1) * sizeof *aggs);
    bool ok = scan_preds(s, n, in, b->conj, b->nconj, day, &where, &p.nwhere);
    for (size_t i = 0; i < b->nkeys && ok; i++) ok = make_value(s, n, in, &b->keys[i], false, &keys[i]);
    for (size_t i = 0; i < b->naggs && ok; i++) ok = make_agg(s, n, in, &b->aggs[i], &aggs[i]);
    p.where = where;
    p.keys = keys;
    p.aggs = aggs;
    struct relation out;
    *fits = ok;
    int rc = ok ? group_run(&p, &out, &s->keep, fits, e) : ERR_OK;
    if (!*fits)
        log_debug("a SELECT is left to SQLite: %s",
                  ok ? "memory, or values that are equal and differ" : "an expression");
    if (rc || !*fits) return rc;
    /* room for what the items make of them */
    n->rel = out;
    n->rel.cols = arena_alloc(&s->sql, (out.ncols + (b->s.b - b->s.a)) * sizeof *out.cols);
    memcpy(n->rel.cols, out.cols, out.ncols * sizeof *out.cols);
    for (size_t i = 0; i < out.ncols; i++) {
        bool column = i < b->nkeys && is_plain(&s->toks, b->keys[i].s);
        name_column(n, s, i, column ? in->cols[b->keys[i].col].decl : "", !column || in->cols[b->keys[i].col].bare);
    }
    return ERR_OK;
}

/* ---- items ---- */

/* Does a key or an aggregate stand at token i? Its column, and the token after it. -1: neither. */
static int column_at(const struct mart_scan *s, const struct node *n, struct span item, uint32_t i, uint32_t *end) {
    const struct block *b = &n->b;
    int key = block_key_at(&s->toks, b, item, i, end);
    if (key >= 0) return key;
    for (size_t k = 0; k < b->naggs; k++) {
        *end = i + b->aggs[k].call.b - b->aggs[k].call.a;
        if (*end <= item.b && span_same(&s->toks, b->aggs[k].call, (struct span){i, *end})) return (int)(b->nkeys + k);
    }
    return -1;
}

/* How many columns of rel the tokens read; the last one in *col. */
static int columns_in(const struct mart_scan *s, const struct node *n, struct span item, struct span part, int *col) {
    int count = 0;
    *col = -1;
    for (uint32_t i = part.a, end; i < part.b; i++) {
        int c = column_at(s, n, item, i, &end);
        if (c < 0) continue;
        count += *col != c;
        *col = c;
        i = end - 1;
    }
    return count;
}

void scan_put_column(const struct node *n, int col, bool inside, struct buf *out) {
    bool plus = n->rel.cols[col].bare && !inside;
    buf_str(out, plus ? "(+" : "");
    sql_name(out, n->rel.cols[col].name);
    buf_str(out, plus ? ")" : "");
}

/* The tokens with keys and aggregates as columns; inside: for eval, which sees to the missing affinity itself. */
static void part_text(const struct mart_scan *s, const struct node *n, struct span item, struct span part, bool inside,
                      struct buf *out) {
    for (uint32_t i = part.a, end; i < part.b; i++) {
        int c = column_at(s, n, item, i, &end);
        if (c >= 0) {
            scan_put_column(n, c, inside, out);
            i = end - 1;
        } else {
            buf_add(out, s->toks.t[i].p, s->toks.t[i].n);
        }
        buf_chr(out, ' ');
    }
}

/* A new column of rel: an expression over one of its columns (or none), worked out per value. -1: it cannot be. */
static int derive(struct mart_scan *s, struct node *n, const char *expr, int col) {
    size_t at = n->rel.ncols, rows = n->rel.nrows;
    struct relcol *to = &n->rel.cols[at];
    struct group_value v = {.col = -1};
    *to = (struct relcol){0};
    if (col < 0) {
        to->dict = keep_dict(&s->keep);
        if (!eval_constant(&s->ev, expr, to->dict, &to->constant)) return -1;
    } else {
        if (!eval_values(&s->ev, &n->rel, col, (struct sv){0}, expr, &v)) return -1;
        uint32_t *codes = mem_grow(NULL, (rows + 1) * sizeof *codes);
        relcol_codes(&n->rel.cols[col], 0, rows, codes);
        for (size_t i = 0; i < rows; i++) codes[i] = v.map[codes[i]];
        to->dict = v.dict;
        void *narrow = codes_narrow(codes, rows, v.dict->n, &to->width);
        to->codes = keep_block(&s->keep, narrow, rows * to->width);
    }
    name_column(n, s, at, "", true);
    n->rel.ncols++;
    return (int)at;
}

static int derive_part(struct mart_scan *s, struct node *n, struct span item, struct span part, int col) {
    struct buf b = {0};
    part_text(s, n, item, part, true, &b);
    int made = derive(s, n, buf_text(&b), col);
    buf_free(&b);
    return made;
}

/* An item over several columns: calls in it that read one column are worked out per value, the rest is SQL. */
static void item_text(struct mart_scan *s, struct node *n, struct span item, struct buf *out) {
    for (uint32_t i = item.a, end; i < item.b; i++) {
        int c = column_at(s, n, item, i, &end), col, made = -1;
        if (c < 0 && is_function(&s->toks, i)) {
            end = s->toks.t[i + 1].match + 1;
            struct span call = {i, end};
            if (columns_in(s, n, item, call, &col) == 1) made = derive_part(s, n, item, call, col);
        }
        if (c >= 0 || made >= 0) {
            scan_put_column(n, c >= 0 ? c : made, false, out);
            i = end - 1;
        } else {
            buf_add(out, s->toks.t[i].p, s->toks.t[i].n);
        }
        buf_chr(out, ' ');
    }
}

void scan_items(struct mart_scan *s, struct node *n) {
    const struct block *b = &n->b;
    n->item_col = arena_alloc(&s->sql, (b->nitems + 1) * sizeof *n->item_col);
    n->item_sql = arena_alloc(&s->sql, (b->nitems + 1) * sizeof *n->item_sql);
    n->names = (struct names){arena_alloc(&s->sql, (b->nitems + 1) * sizeof(struct sv)), b->nitems};
    n->pure = true;
    for (size_t i = 0; i < b->nitems; i++) {
        struct span item = b->items[i].s;
        uint32_t end = 0;
        int col, c = column_at(s, n, item, item.a, &end);
        n->names.col[i] = b->items[i].name;
        if (c < 0 || end != item.b)
            c = columns_in(s, n, item, item, &col) < 2 ? derive_part(s, n, item, item, col) : -1;
        n->item_col[i] = c;
        if (c >= 0) continue;
        struct buf text = {0};
        item_text(s, n, item, &text);
        n->item_sql[i] = arena_strn(&s->sql, buf_text(&text), text.n);
        buf_free(&text);
        n->pure = false;
    }
}

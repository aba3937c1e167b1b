/*
 * See scan.h. The SQL is walked through token by token; at a SELECT that is a block (block.h) its source is made
 * first, then it itself, and its text is replaced:
 *
 *   (SELECT user_id, COALESCE(SUM(n), 0) AS n FROM "ev" WHERE "dt" = :ds GROUP BY user_id)
 *   (SELECT "c0" AS "user_id", (+"c2") AS "n" FROM "etl scan 1")
 *
 * A column of an expression's values is read through a unary plus: so it has no affinity in comparisons, as the
 * expression had none.
 */
#include "base/log.h"
#include "mart/scan_impl.h"

#define PROGRAM ((size_t)10 << 20) /* what the program takes besides columns and SQLite's cache */

struct mart_scan *mart_scan_new(const struct pipeline *p, struct strs only, int threads, size_t memory) {
    const char *word = getenv("ETL_MART_SCAN");
    struct mart_scan *s = mem_alloc(sizeof *s);
    s->p = p;
    s->only = only;
    s->threads = threads;
    s->memory = memory > PROGRAM ? memory - PROGRAM : 0;
    s->off = word && strcmp(word, "off") == 0;
    return s;
}

void mart_scan_free(struct mart_scan *s) {
    if (!s) return;
    scan_forget(s);
    arena_free(&s->sql);
    free(s);
}

int scan_replaced(const struct mart_scan *s) {
    return s->replaced;
}

/* ---- blocks in their order ---- */

static struct node *make_node(struct mart_scan *s, uint32_t at);

/* What a block around n sees: its items as columns. */
static struct relation *items_relation(struct mart_scan *s, const struct node *n) {
    struct relation *r = arena_alloc(&s->sql, sizeof *r);
    r->nrows = n->rel.nrows;
    r->ncols = n->b.nitems;
    r->cols = arena_alloc(&s->sql, (r->ncols + 1) * sizeof *r->cols);
    for (size_t i = 0; i < r->ncols; i++) {
        r->cols[i] = n->rel.cols[n->item_col[i]];
        r->cols[i].name = arena_strn(&s->sql, n->names.col[i].p, n->names.col[i].n);
    }
    return r;
}

static void over_node(struct mart_scan *s, struct node *n, uint32_t inner_at) {
    struct node *inner = make_node(s, inner_at);
    bool fits = false;
    const struct token *after = &s->toks.t[inner->b.s.b];
    bool alone = after->kind == TOK_RP && after->match + 1 == inner_at; /* nothing else in its parentheses */
    bool whole = alone && inner->b.level == BLOCK_WHOLE && inner->pure;
    if (whole) block_read(&s->toks, &n->b, &inner->names, &s->sql);
    if (!whole || n->b.level != BLOCK_WHOLE) {
        n->b.level = BLOCK_NOT;
        return;
    }
    if (s->rc == ERR_OK) s->rc = scan_group(s, n, items_relation(s, inner), NULL, &fits, s->e);
    if (s->rc || !fits) n->b.level = BLOCK_NOT;
    if (n->b.level == BLOCK_WHOLE) scan_items(s, n);
}

/* As a table with fewer rows: worth it only where it has much fewer. */
static void filter_table(struct mart_scan *s, struct node *n, const struct expr *day) {
    struct group_pred *where;
    size_t nwhere;
    const struct relation *in = &n->table->t.rel;
    n->b.level = BLOCK_NOT;
    if (!n->b.nconj || !scan_preds(s, n, in, n->b.conj, n->b.nconj, day, &where, &nwhere)) return;
    n->rows = filter_rows(in, where, nwhere, &n->nrows);
    keep_block(&s->keep, n->rows, n->nrows * sizeof *n->rows);
    if (n->nrows <= in->nrows / 4) n->b.level = BLOCK_FILTERED;
}

static void over_table(struct mart_scan *s, struct node *n) {
    struct loaded *l = n->table;
    bool fits = true;
    block_read(&s->toks, &n->b, &l->names, &s->sql);
    const struct expr *day = block_day(&s->toks, &n->b, scan_day_column(l));
    if (n->b.level == BLOCK_NOT || !day) {
        n->b.level = BLOCK_NOT;
        return;
    }
    scan_want(s, &s->toks, n->at);
    if (s->rc == ERR_OK)
        s->rc = day_table_read(&l->t, s->ev.db, l->want, s->threads, s->locked, s->memory / 2, &fits, s->e);
    log_debug("table %s: %zu rows, columns of %zu KiB", l->name, l->t.rel.nrows, day_table_bytes(&l->t) >> 10);
    if (s->rc == ERR_OK && !fits) {
        log_debug("table %s: its day does not fit into memory as columns", l->name);
        l->fits = false;
    }
    bool whole = n->b.level == BLOCK_WHOLE && s->rc == ERR_OK && fits;
    if (whole) s->rc = scan_group(s, n, &l->t.rel, day, &whole, s->e);
    if (s->rc || !fits)
        n->b.level = BLOCK_NOT;
    else if (whole)
        scan_items(s, n);
    else
        filter_table(s, n, day);
}

static struct node *make_node(struct mart_scan *s, uint32_t at) {
    for (struct node *n = s->nodes; n; n = n->next)
        if (n->at == at) return n;
    struct node *n = arena_alloc(&s->sql, sizeof *n);
    *n = (struct node){.next = s->nodes, .at = at};
    s->nodes = n;
    if (s->depth > 50 || !block_outline(&s->toks, at, &n->b)) return n;
    struct sv name = token_name(&s->toks.t[n->b.source]);
    uint32_t inner = n->b.is_name ? scan_cte(&s->toks, name, at) : n->b.inner;
    s->depth++;
    if (n->b.is_name && (n->table = scan_table(s, &s->toks, name)))
        over_table(s, n);
    else if (inner && token_is(&s->toks.t[inner], "select"))
        over_node(s, n, inner);
    s->depth--;
    return n;
}

/* ---- the new SQL ---- */

static const char *put_view(struct mart_scan *s, struct scan_view v) {
    struct scan_view *keep = arena_alloc(&s->sql, sizeof *keep);
    struct err e = {0};
    const char *name = arena_fmt(&s->sql, "etl scan %zu", s->nviews + 1);
    *keep = v;
    if (scan_vtab_put(s->ev.db, name, keep, &e)) return NULL;
    s->nviews++;
    s->replaced++;
    return name;
}

static bool put_whole(struct mart_scan *s, const struct node *n, struct buf *out) {
    const char *name = put_view(s, (struct scan_view){.rel = &n->rel, .nrows = n->rel.nrows, .nsorted = n->b.nkeys});
    if (!name) return false;
    buf_str(out, "SELECT ");
    for (size_t i = 0; i < n->b.nitems; i++) {
        buf_str(out, i ? ", " : "");
        if (n->item_col[i] >= 0)
            scan_put_column(n, n->item_col[i], false, out);
        else
            buf_str(out, n->item_sql[i]);
        buf_str(out, " AS \"");
        buf_sv(out, n->names.col[i]);
        buf_chr(out, '"');
    }
    buf_fmt(out, " FROM \"%s\" ", name);
    return true;
}

/* The source's name and alias become the view's; WHERE goes where all of it is done. */
static bool put_filtered(struct mart_scan *s, const struct node *n, struct buf *out) {
    const char *name = put_view(
        s, (struct scan_view){.rel = &n->table->t.rel, .table = &n->table->t, .rows = n->rows, .nrows = n->nrows});
    if (!name) return false;
    buf_fmt(out, "\"%s\" AS \"", name);
    buf_sv(out, n->b.alias);
    buf_str(out, "\" ");
    return true;
}

static void rewrite(struct mart_scan *s, struct buf *out) {
    const struct tokens *t = &s->toks;
    const struct node *filter[52] = {0}; /* those that we are in */
    size_t depth = 0;
    for (uint32_t i = 0; i < t->n && s->rc == ERR_OK; i++) {
        while (depth && i >= filter[depth - 1]->b.s.b) depth--;
        const struct node *in = depth ? filter[depth - 1] : NULL;
        struct node *n = token_is(&t->t[i], "select") && (!i || t->t[i - 1].kind != TOK_DOT) ? make_node(s, i) : NULL;
        if (n && n->b.level == BLOCK_WHOLE && put_whole(s, n, out)) {
            i = n->b.s.b - 1;
            continue;
        }
        if (n && n->b.level == BLOCK_FILTERED && depth < 50) filter[depth++] = n;
        if (in && i == in->b.from.a && put_filtered(s, in, out)) {
            bool all = in->b.all_conj && in->b.where.a < in->b.where.b;
            i = (all ? in->b.where.b : in->b.from.b) - 1;
            continue;
        }
        buf_add(out, t->t[i].p, t->t[i].n);
        buf_chr(out, ' ');
    }
}

int scan_begin(struct mart_scan *s, struct db *wh, bool locked, const struct mart_params *params, const char *sql,
               struct buf *out, struct err *e) {
    s->replaced = 0;
    s->rc = ERR_OK;
    s->e = e;
    s->locked = locked;
    s->ev = (struct eval){wh, params, &s->keep};
    if (!s->off && params->ds) s->rc = scan_refresh(s, wh, params->ds, e);
    size_t from = out->n;
    if (!s->off && params->ds && s->rc == ERR_OK && tokens_read(&s->toks, sql) && !scan_has_word(&s->toks, "recursive"))
        rewrite(s, out);
    if (!s->replaced) {
        out->n = from;
        buf_str(out, sql);
    }
    log_debug("%d SELECTs on columns", s->replaced);
    return s->rc;
}

void scan_end(struct mart_scan *s, struct db *wh) {
    for (size_t i = 0; i < s->nviews; i++) {
        char name[40];
        snprintf(name, sizeof name, "etl scan %zu", i + 1);
        scan_vtab_drop(wh, name);
    }
    s->nviews = 0;
    s->nodes = NULL;
    tokens_free(&s->toks);
    keep_free(&s->keep);
    arena_reset(&s->sql);
}

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
#include "mart/scan.h"

#include "base/log.h"
#include "mart/eval.h"
#include "mart/macro.h"
#include "mart/scan_vtab.h"

#define PROGRAM ((size_t)10 << 20) /* what the program takes besides columns and SQLite's cache */

struct seen_pred { /* a condition that was worked out for all values before */
    struct seen_pred *next;
    const char *text;
    struct group_pred pred;
};

struct loaded { /* a loaded table's day */
    const char *name;
    bool fits;
    struct day_table t;
    struct names names;
    bool *want; /* by column: what all models ask */
    struct seen_pred *seen;
};

struct node { /* a SELECT of the SQL under way */
    struct node *next;
    uint32_t at;
    struct block b;
    struct loaded *table; /* its source, where that is one */
    struct relation rel;  /* BLOCK_WHOLE: keys, aggregates, then what was worked out of them */
    int *item_col;        /* by item: its column in rel, -1: item_sql */
    char **item_sql;
    struct names names; /* of its items */
    bool pure;          /* all items are columns, so a SELECT around it can be a block too */
    uint32_t *rows;     /* BLOCK_FILTERED */
    size_t nrows;
};

struct mart_scan {
    const struct pipeline *p;
    struct strs only;
    int threads;
    size_t memory;
    bool off;
    /* the columns, and what they are columns of */
    struct arena a;
    struct keep kept;
    struct loaded *tables;
    size_t ntables;
    sqlite3 *h;
    int64_t version;
    char day[16];
    /* the SQL under way */
    struct arena sql;
    struct tokens toks;
    struct node *nodes;
    struct eval ev;
    struct keep keep;
    struct scan_view **views;
    size_t nviews;
    int replaced, depth;
    bool locked;
    int rc;
    struct err *e;
};

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

static void forget(struct mart_scan *s) {
    for (size_t i = 0; i < s->ntables; i++) day_table_free(&s->tables[i].t);
    free(s->tables);
    keep_free(&s->kept);
    arena_free(&s->a);
    s->tables = NULL;
    s->ntables = 0;
}

void mart_scan_free(struct mart_scan *s) {
    if (!s) return;
    forget(s);
    arena_free(&s->sql);
    free(s);
}

int scan_replaced(const struct mart_scan *s) {
    return s->replaced;
}

/* ---- names ---- */

static bool is_name(const struct token *t) {
    return t->kind == TOK_WORD || t->kind == TOK_NAME;
}

/* Does "name AS (" or "name (a, b) AS (" begin at token i? Gives the token of its last parenthesis. */
static bool is_cte(const struct tokens *t, uint32_t i, uint32_t *body) {
    if (!i || !is_name(&t->t[i])) return false;
    if (!token_is(&t->t[i - 1], "with") && !token_is(&t->t[i - 1], "recursive") && t->t[i - 1].kind != TOK_COMMA)
        return false;
    uint32_t k = i + 1;
    if (t->t[k].kind == TOK_LP) k = t->t[k].match + 1;
    if (!token_is(&t->t[k], "as")) return false;
    k++;
    if (token_is(&t->t[k], "not")) k++;
    if (token_is(&t->t[k], "materialized")) k++;
    *body = k;
    return t->t[k].kind == TOK_LP;
}

/* How many CTEs of that name there are anywhere; the body of the last. */
static int count_ctes(const struct tokens *t, struct sv name, uint32_t *body, uint32_t *def) {
    int n = 0;
    for (uint32_t i = 0; i < t->n; i++) {
        uint32_t k;
        if (!is_name(&t->t[i]) || !name_eq(token_name(&t->t[i]), name) || !is_cte(t, i, &k)) continue;
        *body = k;
        *def = i;
        n++;
    }
    return n;
}

static bool has_word(const struct tokens *t, const char *word) {
    for (uint32_t i = 0; i < t->n; i++)
        if (token_is(&t->t[i], word)) return true;
    return false;
}

/* The SELECT in the CTE of that name, if the statement's own WITH defines it, once and before token `at`. 0: none. */
static uint32_t cte_select(const struct tokens *t, struct sv name, uint32_t at) {
    uint32_t body = 0, def = 0;
    if (!token_is(&t->t[0], "with") || count_ctes(t, name, &body, &def) != 1) return 0;
    bool plain = t->t[def].depth == 0 && t->t[def + 1].kind != TOK_LP;
    return plain && t->t[body].match < at ? body + 1 : 0;
}

static struct loaded *find_table(struct mart_scan *s, const struct tokens *t, struct sv name) {
    char *text = arena_strn(&s->sql, name.p, name.n);
    uint32_t body, def;
    if (!pipeline_loader_of(s->p, text) || count_ctes(t, name, &body, &def)) return NULL;
    for (size_t i = 0; i < s->ntables; i++)
        if (strcmp(s->tables[i].name, text) == 0) return s->tables[i].fits ? &s->tables[i] : NULL;
    return NULL;
}

static int day_column(const struct loaded *l) {
    for (size_t i = 0; i < l->names.ncols; i++)
        if (name_eq(l->names.col[i], SV("dt"))) return (int)i;
    return -1;
}

/* ---- what the models ask ---- */

static void want_block(struct mart_scan *s, const struct tokens *t, uint32_t at) {
    struct block b;
    if (!block_outline(t, at, &b) || !b.is_name) return;
    struct loaded *l = find_table(s, t, token_name(&t->t[b.source]));
    if (!l) return;
    block_read(t, &b, &l->names, &s->sql);
    const struct expr *day = block_day(t, &b, day_column(l));
    if (b.level == BLOCK_NOT || !day) return;
    for (size_t i = 0; i < b.nconj; i++)
        if (&b.conj[i] != day) l->want[b.conj[i].col] = true;
    if (b.level != BLOCK_WHOLE) return;
    for (size_t i = 0; i < b.nkeys; i++) l->want[b.keys[i].col] = true;
    for (size_t i = 0; i < b.naggs; i++) {
        if (b.aggs[i].value.col >= 0) l->want[b.aggs[i].value.col] = true;
        for (size_t k = 0; k < b.aggs[i].nwhen; k++) l->want[b.aggs[i].when[k].col] = true;
    }
}

static void want_sql(struct mart_scan *s, const char *sql) {
    struct tokens t;
    if (tokens_read(&t, sql))
        for (uint32_t i = 0; i < t.n; i++)
            if (token_is(&t.t[i], "select")) want_block(s, &t, i);
    tokens_free(&t);
}

static void want_template(struct mart_scan *s, const char *file, const char *sql) {
    struct buf b = {0};
    struct err e;
    if (macro_expand(s->p, file, sql, DIALECT_SQLITE, "nothing", &b, &e) == ERR_OK) want_sql(s, buf_text(&b));
    buf_free(&b);
}

static void want_models(struct mart_scan *s) {
    for (size_t i = 0; i < s->p->nmodels; i++) {
        const struct pl_model *m = &s->p->models[i];
        if (m->kind == MODEL_CTE || m->kind == MODEL_VIEW) continue;
        if (s->only.n && !strs_has(s->only, sv_of(m->name))) continue;
        want_template(s, m->file, m->sql);
        for (size_t k = 0; k < m->ntests; k++)
            if (m->tests[k].kind == TEST_NO_ROWS) want_template(s, m->tests[k].file, m->tests[k].sql);
    }
}

static int open_tables(struct mart_scan *s, struct db *wh, const char *ds, struct err *e) {
    int rc = ERR_OK;
    s->tables = mem_alloc((s->p->ndatasets + 1) * sizeof *s->tables);
    for (size_t i = 0; i < s->p->ndatasets && rc == ERR_OK; i++) {
        if (!s->p->datasets[i].load) continue;
        struct loaded *l = &s->tables[s->ntables++];
        l->name = s->p->datasets[i].load->table;
        rc = day_table_open(&l->t, wh, l->name, ds, &l->fits, e);
        if (rc || !l->fits) continue;
        l->names = (struct names){arena_alloc(&s->a, l->t.rel.ncols * sizeof(struct sv)), l->t.rel.ncols};
        for (size_t c = 0; c < l->names.ncols; c++) l->names.col[c] = sv_of(l->t.rel.cols[c].name);
        l->want = arena_alloc(&s->a, l->names.ncols);
    }
    if (rc == ERR_OK) want_models(s);
    return rc;
}

/* What was read holds as long as the handle sees no change by others; our own transactions write marts only. */
static int refresh(struct mart_scan *s, struct db *wh, const char *ds, struct err *e) {
    struct stmt st;
    bool row;
    int64_t version = 0;
    int rc = stmt_prepare(&st, wh, "PRAGMA data_version", "reading the warehouse", e);
    if (rc == ERR_OK) rc = stmt_step(&st, &row, e);
    if (rc == ERR_OK) version = stmt_col_int(&st, 0);
    stmt_close(&st);
    if (rc) return rc;
    if (s->tables && s->h == wh->h && s->version == version && strcmp(s->day, ds) == 0) return ERR_OK;
    forget(s);
    s->h = wh->h;
    s->version = version;
    snprintf(s->day, sizeof s->day, "%s", ds);
    return open_tables(s, wh, ds, e);
}

/* ---- making a block ---- */

static char *text_of(struct mart_scan *s, struct span span) {
    struct buf b = {0};
    span_text(&s->toks, span, &b);
    char *text = arena_strn(&s->sql, buf_text(&b), b.n);
    buf_free(&b);
    return text;
}

static bool is_plain(const struct tokens *t, struct span s) {
    return s.b - s.a == 1 || (s.b - s.a == 3 && t->t[s.a + 1].kind == TOK_DOT && is_name(&t->t[s.a]));
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

static bool make_preds(struct mart_scan *s, const struct node *n, const struct relation *in, const struct expr *x,
                       size_t nx, const struct expr *but, struct group_pred **out, size_t *nout) {
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
              make_preds(s, n, in, g->when, g->nwhen, NULL, &when, &out->nwhen);
    out->when = when;
    if (ok && otherwise) ok = eval_constant(&s->ev, text_of(s, g->otherwise), out->value.dict, &out->otherwise);
    return ok;
}

static void name_column(struct node *n, struct mart_scan *s, size_t i, const char *decl, bool bare) {
    n->rel.cols[i].name = arena_fmt(&s->sql, "c%zu", i);
    n->rel.cols[i].decl = decl;
    n->rel.cols[i].bare = bare;
}

static int group_block(struct mart_scan *s, struct node *n, const struct relation *in, const struct expr *day,
                       bool *fits, struct err *e) {
    struct block *b = &n->b;
    struct group_pred *where;
    size_t used = s->keep.bytes + s->kept.bytes, all = s->memory / 4 * 3; /* the rest is SQLite's */
    for (size_t i = 0; i < s->ntables; i++) used += day_table_bytes(&s->tables[i].t);
    struct group_plan p = {
        .in = in, .threads = s->threads, .memory = all > used ? all - used : 0, .naggs = b->naggs, .nkeys = b->nkeys};
    struct group_value *keys = arena_alloc(&s->sql, (b->nkeys + 1) * sizeof *keys);
    struct group_agg *aggs = arena_alloc(&s->sql, (b->naggs + 1) * sizeof *aggs);
    bool ok = make_preds(s, n, in, b->conj, b->nconj, day, &where, &p.nwhere);
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

static void put_column(const struct node *n, int col, bool inside, struct buf *out) {
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
            put_column(n, c, inside, out);
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
            put_column(n, c >= 0 ? c : made, false, out);
            i = end - 1;
        } else {
            buf_add(out, s->toks.t[i].p, s->toks.t[i].n);
        }
        buf_chr(out, ' ');
    }
}

static void make_items(struct mart_scan *s, struct node *n) {
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
    bool whole = !inner || s->toks.t[inner->b.s.b].kind != TOK_RP || s->toks.t[inner->b.s.b].match + 1 != inner_at
                     ? false
                     : inner->b.level == BLOCK_WHOLE && inner->pure;
    if (whole) block_read(&s->toks, &n->b, &inner->names, &s->sql);
    if (!whole || n->b.level != BLOCK_WHOLE) {
        n->b.level = BLOCK_NOT;
        return;
    }
    if (s->rc == ERR_OK) s->rc = group_block(s, n, items_relation(s, inner), NULL, &fits, s->e);
    if (s->rc || !fits) n->b.level = BLOCK_NOT;
    if (n->b.level == BLOCK_WHOLE) make_items(s, n);
}

/* As a table with fewer rows: worth it only where it has much fewer. */
static void filter_table(struct mart_scan *s, struct node *n, const struct expr *day) {
    struct group_pred *where;
    size_t nwhere;
    const struct relation *in = &n->table->t.rel;
    n->b.level = BLOCK_NOT;
    if (!n->b.nconj || !make_preds(s, n, in, n->b.conj, n->b.nconj, day, &where, &nwhere)) return;
    n->rows = filter_rows(in, where, nwhere, &n->nrows);
    keep_block(&s->keep, n->rows, n->nrows * sizeof *n->rows);
    if (n->nrows <= in->nrows / 4) n->b.level = BLOCK_FILTERED;
}

static void over_table(struct mart_scan *s, struct node *n) {
    struct loaded *l = n->table;
    bool fits = true;
    block_read(&s->toks, &n->b, &l->names, &s->sql);
    const struct expr *day = block_day(&s->toks, &n->b, day_column(l));
    if (n->b.level == BLOCK_NOT || !day) {
        n->b.level = BLOCK_NOT;
        return;
    }
    want_block(s, &s->toks, n->at);
    if (s->rc == ERR_OK)
        s->rc = day_table_read(&l->t, s->ev.db, l->want, s->threads, s->locked, s->memory / 2, &fits, s->e);
    log_debug("table %s: %zu rows, columns of %zu KiB", l->name, l->t.rel.nrows, day_table_bytes(&l->t) >> 10);
    if (s->rc == ERR_OK && !fits) {
        log_debug("table %s: its day does not fit into memory as columns", l->name);
        l->fits = false;
    }
    bool whole = n->b.level == BLOCK_WHOLE && s->rc == ERR_OK && fits;
    if (whole) s->rc = group_block(s, n, &l->t.rel, day, &whole, s->e);
    if (s->rc || !fits)
        n->b.level = BLOCK_NOT;
    else if (whole)
        make_items(s, n);
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
    uint32_t inner = n->b.is_name ? cte_select(&s->toks, name, at) : n->b.inner;
    s->depth++;
    if (n->b.is_name && (n->table = find_table(s, &s->toks, name)))
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
            put_column(n, n->item_col[i], false, out);
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
    if (!s->off && params->ds) s->rc = refresh(s, wh, params->ds, e);
    size_t from = out->n;
    if (!s->off && params->ds && s->rc == ERR_OK && tokens_read(&s->toks, sql) && !has_word(&s->toks, "recursive"))
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

/* What the names of "for" go through: lists, ranges, days, files, queries, and the records of earlier phases; and their
 * cross product, one combination after the other. */
#include "base/log.h"
#include "collect/web_impl.h"
#include "io/reader.h"
#include "store/warehouse.h"

static void add_value(struct crawl *c, struct axis *x, size_t *cap, const char *text, size_t n) {
    struct jerr je;
    if (x->n == *cap) x->v = mem_grow(x->v, (*cap = *cap ? *cap * 2 : 16) * sizeof *x->v);
    c->toks.n = 0; /* only looked at: tokens of millions of values would fill the memory */
    x->v[x->n] = (struct value){.text = {arena_strn(&c->a, text, n), n}};
    if (json_scan(&c->toks, text, n, 0, &je)) x->n++;
}

static int read_csv(struct crawl *c, struct axis *x, const char *file, size_t *cap, struct err *e) {
    const char *text;
    size_t n;
    struct reader *r = NULL;
    struct rblock b = {0};
    bool more = true;
    int rc = pipeline_file(c->p, &c->a, file, &text, &n, e);
    struct reader_opt o = {.format = FMT_CSV, .text = text, .text_n = n};
    if (rc == ERR_OK) rc = reader_open(&r, &file, 1, &o, e);
    while (rc == ERR_OK && more && (rc = reader_next(r, &b, &more, e)) == ERR_OK)
        for (size_t i = 0; i < b.n && rc == ERR_OK; i++) {
            if (b.l[i].bad)
                rc = err_set(e, ERR_CONFIG, "%s:%llu: %s", file, (unsigned long long)b.l[i].line, b.l[i].bad);
            else
                add_value(c, x, cap, b.data.p + b.l[i].off, b.l[i].len);
        }
    reader_close(r);
    rblock_free(&b);
    return rc;
}

static void row_as_json(struct stmt *s, struct buf *b) {
    b->n = 0;
    for (int i = 0; i < sqlite3_column_count(s->h); i++) {
        int type = sqlite3_column_type(s->h, i);
        buf_chr(b, i ? ',' : '{');
        json_text_quote(b, sqlite3_column_name(s->h, i));
        buf_chr(b, ':');
        if (type == SQLITE_NULL)
            buf_str(b, "null");
        else if (type == SQLITE_INTEGER || type == SQLITE_FLOAT)
            buf_str(b, stmt_col(s, i));
        else
            json_text_quote(b, stmt_col(s, i));
    }
    buf_chr(b, '}');
}

/* What is in the warehouse now; the dataset's own table is there, if empty, so that "not yet known" can be asked. */
static int read_sql(struct crawl *c, struct axis *x, size_t *cap, struct err *e) {
    struct db wh;
    struct stmt s = {0};
    struct buf b = {0};
    bool row = true;
    if (!c->o->home) return ERR_OK;
    int rc = warehouse_open(&wh, c->o->home, 4 << 20, e);
    if (rc) return rc;
    if (c->d->load) rc = table_make(&wh, c->d->load, true, e);
    if (rc == ERR_OK) rc = stmt_prepare(&s, &wh, x->b->sql, x->b->name, e);
    if (rc == ERR_OK) stmt_name(&s, ":ds", c->date);
    while (rc == ERR_OK && (rc = stmt_step(&s, &row, e)) == ERR_OK && row) {
        row_as_json(&s, &b);
        add_value(c, x, cap, b.p, b.n);
    }
    stmt_close(&s);
    db_close(&wh);
    buf_free(&b);
    return rc;
}

static int fill_axis(struct crawl *c, struct axis *x, struct err *e) {
    const struct pl_bind *b = x->b;
    size_t cap = 0;
    char text[80];
    if (b->kind == BIND_CSV) return read_csv(c, x, b->csv, &cap, e);
    if (b->kind == BIND_SQL) return read_sql(c, x, &cap, e);
    for (size_t i = 0; b->kind == BIND_LIST && i < b->list.n; i++)
        add_value(c, x, &cap, b->list.s[i], strlen(b->list.s[i]));
    if (b->kind != BIND_RANGE && b->kind != BIND_DAYS) return ERR_OK;
    for (int64_t v = b->from; v <= b->to; v += b->step < 1 ? 1 : b->step) {
        int n;
        struct day_text d = day_text(c->day + (day_t)v);
        struct day_text to = day_text(c->day + (day_t)(v + b->span - 1 < b->to ? v + b->span - 1 : b->to));
        if (b->kind == BIND_DAYS && b->span)
            n = snprintf(text, sizeof text,
                         b->compact ? "{\"from\":\"%.4s%.2s%.2s\",\"to\":\"%.4s%.2s%.2s\"}"
                                    : "{\"from\":\"%.4s-%.2s-%.2s\",\"to\":\"%.4s-%.2s-%.2s\"}",
                         d.s, d.s + 5, d.s + 8, to.s, to.s + 5, to.s + 8);
        else if (b->kind == BIND_RANGE)
            n = snprintf(text, sizeof text, "%lld", (long long)v);
        else if (b->compact)
            n = snprintf(text, sizeof text, "\"%.4s%.2s%.2s\"", d.s, d.s + 5, d.s + 8);
        else
            n = snprintf(text, sizeof text, "\"%s\"", d.s);
        add_value(c, x, &cap, text, (size_t)n);
        if (x->n > 10000000) return err_set(e, ERR_LIMIT, "'%s' has more than 10,000,000 values", b->name);
    }
    return ERR_OK;
}

/* The next record of the phase that the axis draws on; records that are rejected ones are left out. */
static int next_item(struct crawl *c, struct axis *x, bool *got, struct err *e) {
    struct phase *f = &c->phases[x->b->phase];
    struct jerr je;
    int rc = ERR_OK;
    *got = false;
    while (rc == ERR_OK) {
        if (x->next < x->lines.n) {
            const char *p = x->lines.p + x->next, *nl = memchr(p, '\n', x->lines.n - x->next);
            size_t n = nl ? (size_t)(nl - p) : x->lines.n - x->next;
            x->next += n + 1;
            x->item.toks.n = 0;
            x->item.text = (struct sv){p, n};
            if (*p != '{' || !json_scan(&x->item.toks, p, n, 0, &je)) continue;
            *got = true;
            return rc;
        }
        if (x->at == f->n) return rc;
        size_t entry = f->order[x->at++].entry;
        x->lines.n = x->next = 0;
        if (c->j.e[entry].state == ENTRY_SUCCESS) rc = journal_payload(&c->j, entry, &x->lines, e);
    }
    return rc;
}

/* ---- records whose field holds a list in one text ---- */

/* The next piece of the list as the item; false: the list is at its end. */
static bool next_piece(struct axis *x) {
    struct jerr je;
    size_t by = strlen(x->b->by);
    while (x->pieces && x->pieces[x->piece]) {
        const char *p = x->pieces + x->piece, *end = strstr(p, x->b->by);
        size_t n = end ? (size_t)(end - p) : strlen(p);
        x->piece += n + (end ? by : 0);
        while (n && (*p == ' ' || *p == '\t')) p++, n--;
        while (n && (p[n - 1] == ' ' || p[n - 1] == '\t')) n--;
        if (!n) continue;
        struct jtoks toks = {0};
        uint32_t pos = 0;
        if (!json_scan(&toks, buf_text(&x->whole), x->whole.n, 0, &je)) return false;
        x->made.n = 0;
        for (struct jval k, v, rec = {x->whole.p, toks.t, 0}; jv_each(rec, &pos, &k, &v);) {
            buf_chr(&x->made, x->made.n ? ',' : '{');
            json_copy(&x->made, k);
            buf_chr(&x->made, ':');
            if (sv_is(jv_raw(k), x->b->split))
                json_quote(&x->made, (struct sv){p, n});
            else
                json_copy(&x->made, v);
        }
        buf_chr(&x->made, '}');
        jtoks_free(&toks);
        x->item.toks.n = 0;
        x->item.text = (struct sv){x->made.p, x->made.n};
        return json_scan(&x->item.toks, x->item.text.p, x->item.text.n, 0, &je);
    }
    return false;
}

/* A record, or with "split" a record for each of its list; one without a list has none. */
static int next_from(struct crawl *c, struct axis *x, bool *got, struct err *e) {
    if (!x->b->split) return next_item(c, x, got, e);
    for (;;) {
        struct jval list;
        if ((*got = next_piece(x))) return ERR_OK;
        int rc = next_item(c, x, got, e);
        if (rc || !*got) return rc;
        struct jval rec = {x->item.text.p, x->item.toks.t, 0};
        x->whole.n = 0;
        buf_sv(&x->whole, x->item.text);
        free(x->pieces);
        x->pieces = NULL;
        x->piece = 0;
        if (jv_get(rec, sv_of(x->b->split), &list) && jv_type(list) == JT_STR) {
            struct buf b = {0};
            jv_unescape(list, &b);
            x->pieces = mem_str(buf_text(&b));
            buf_free(&b);
        }
    }
}

static int rewind_from(struct crawl *c, struct axis *x, bool *got, struct err *e) {
    size_t cap = 0;
    free(x->pieces);
    x->pieces = NULL;
    crawl_order(c, x->b->phase);
    int rc = x->fallback ? ERR_OK : next_from(c, x, got, e);
    if (rc || (!x->fallback && (*got || !x->b->otherwise))) return rc;
    if (!x->fallback) {
        log_warn("%s gave no values for '%s': those of %s are used", c->h->requests[x->b->phase].name, x->b->name,
                 x->b->otherwise);
        rc = read_csv(c, x, x->b->otherwise, &cap, e);
    }
    x->fallback = true;
    *got = x->n > 0;
    return rc;
}

static int rewind_axis(struct crawl *c, struct axis *x, bool *got, struct err *e) {
    x->i = x->at = x->next = x->lines.n = 0;
    if (x->b->kind == BIND_FROM) return rewind_from(c, x, got, e);
    *got = x->n > 0;
    return ERR_OK;
}

static int step_axis(struct crawl *c, struct axis *x, bool *got, struct err *e) {
    if (x->b->kind == BIND_FROM && !x->fallback) return next_from(c, x, got, e);
    *got = ++x->i < x->n;
    return ERR_OK;
}

void plan_end(struct crawl *c) {
    for (size_t i = 0; i < c->naxes; i++) {
        struct axis *x = &c->axes[i];
        free(x->v);
        buf_free(&x->lines);
        jtoks_free(&x->item.toks);
        buf_free(&x->whole);
        buf_free(&x->made);
        free(x->pieces);
    }
    free(c->axes);
    c->axes = NULL;
    c->naxes = 0;
}

void plan_begin(struct crawl *c) {
    plan_end(c);
    c->begun = c->planned_all = false;
    c->base = 0;
    c->pass++;
    c->failed_now = 0;
    c->phases[c->phase].n = 0;
    c->phases[c->phase].sorted = false;
    c->url_at = 0;
}

/* To the first combination; *got false: there is none. */
int axes_start(struct crawl *c, bool *got, struct err *e) {
    const struct pl_request *r = c->phases[c->phase].r;
    int rc = ERR_OK;
    c->naxes = r->nbinds;
    c->axes = mem_alloc((r->nbinds + 1) * sizeof *c->axes);
    *got = true;
    for (size_t i = 0; i < r->nbinds && rc == ERR_OK && *got; i++) {
        c->axes[i].b = &r->binds[i];
        rc = fill_axis(c, &c->axes[i], e);
        if (rc == ERR_OK) rc = rewind_axis(c, &c->axes[i], got, e);
    }
    return rc;
}

int axes_step(struct crawl *c, bool *got, struct err *e) {
    int rc = ERR_OK;
    *got = false;
    for (size_t i = c->naxes; i-- > 0 && rc == ERR_OK;) {
        rc = step_axis(c, &c->axes[i], got, e);
        if (rc || *got) {
            for (size_t k = i + 1; k < c->naxes && rc == ERR_OK; k++) rc = rewind_axis(c, &c->axes[k], got, e);
            return rc;
        }
    }
    return rc;
}

/* {"cate":{...},"item":{...},"page":1 */
void axes_vars(struct crawl *c, const char *page_name, int64_t page, struct buf *out) {
    buf_chr(out, '{');
    for (size_t i = 0; i < c->naxes; i++) {
        const struct axis *x = &c->axes[i];
        if (i) buf_chr(out, ',');
        json_text_quote(out, x->b->name);
        buf_chr(out, ':');
        buf_sv(out, x->b->kind == BIND_FROM && !x->fallback ? x->item.text : x->v[x->i].text);
    }
    if (page_name) {
        if (c->naxes) buf_chr(out, ',');
        json_text_quote(out, page_name);
        buf_fmt(out, ":%lld", (long long)page);
    }
    buf_chr(out, '}');
}

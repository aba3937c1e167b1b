/*
 * Which requests a crawl makes, in which order: the cross product of what the names of "for" stand for, and the pages
 * behind each. The plan is gone through anew in every pass; what the journal knows already is not asked again.
 */
#include <ctype.h>

#include "base/hash.h"
#include "base/log.h"
#include "collect/web_impl.h"
#include "io/reader.h"
#include "store/warehouse.h"

/* ---- names and templates ----------------------------------------------------------------------------------------- */

static const char *setting(const struct crawl *c, struct sv name) {
    for (size_t i = 0; i < c->h->nsettings; i++) {
        const struct pl_setting *s = &c->h->settings[i];
        if (!sv_is(name, s->name)) continue;
        const char *v = s->env ? getenv(s->env) : NULL;
        v = v && *v ? v : s->value ? s->value : "";
        return strcmp(v, "{date}") == 0 ? c->date : strcmp(v, "{yyyymmdd}") == 0 ? c->compact : v;
    }
    return NULL;
}

static const char *fixed_name(const struct crawl *c, struct sv name, char room[8]) {
    if (sv_is(name, "date")) return c->date;
    if (sv_is(name, "yyyymmdd")) return c->compact;
    int from = sv_is(name, "year") ? 0 : sv_is(name, "month") ? 5 : sv_is(name, "day") ? 8 : -1;
    if (from < 0) return NULL;
    snprintf(room, 8, "%.*s", from ? 2 : 4, c->date + from);
    return room;
}

/* "cate.no" in {"cate":{"no":177}} */
static bool lookup(struct jval vars, struct sv name, struct jval *out) {
    const char *dot = memchr(name.p, '.', name.n);
    if (!jv_get(vars, (struct sv){name.p, dot ? (size_t)(dot - name.p) : name.n}, out)) return false;
    return !dot || jv_get(*out, (struct sv){dot + 1, (size_t)(name.p + name.n - dot - 1)}, out);
}

static bool scan_vars(struct crawl *c, const char *vars, struct jval *v) {
    struct jerr je;
    c->toks.n = 0;
    if (!json_scan(&c->toks, vars, strlen(vars), 0, &je)) return false;
    *v = (struct jval){vars, c->toks.t, 0};
    return true;
}

int plan_var(struct crawl *c, const char *vars, const char *url, const char *name, struct buf *out) {
    struct jval root, v;
    char room[8];
    struct sv n = sv_of(name);
    if (scan_vars(c, vars, &root) && lookup(root, n, &v)) {
        json_copy(out, v);
        return 1;
    }
    const char *s = strcmp(name, "url") == 0 ? url : fixed_name(c, n, room);
    if (!s && strcmp(name, "fetched_day") == 0) {
        struct buf b = {0};
        buf_add(&b, utc_text(now_utc()).s, 10);
        json_text_quote(out, buf_text(&b));
        buf_free(&b);
        return 1;
    }
    if (!s) s = setting(c, n);
    if (s) json_text_quote(out, s);
    return s != NULL;
}

static void percent(struct buf *out, struct sv s) {
    static const char hex[] = "0123456789ABCDEF";
    for (size_t i = 0; i < s.n; i++) {
        unsigned char ch = (unsigned char)s.p[i];
        if ((ch < 0x80 && isalnum(ch)) || (ch && strchr("-._~", ch))) {
            buf_chr(out, (char)ch);
        } else {
            buf_chr(out, '%');
            buf_chr(out, hex[ch >> 4]);
            buf_chr(out, hex[ch & 15]);
        }
    }
}

/* A secret stands in URLs in its escaped form, which must not be shown either. */
static int put_secret(const char *name, int how, struct buf *out, struct err *e) {
    const char *v = getenv(name);
    struct buf b = {0};
    if (!v || !*v) return err_set(e, ERR_CONFIG, "environment variable %s is not set", name);
    percent(&b, sv_of(v));
    secret_add(v);
    secret_add(buf_text(&b));
    buf_str(out, how ? buf_text(&b) : v);
    buf_free(&b);
    return ERR_OK;
}

static bool put_name(struct crawl *c, struct jval vars, bool has_vars, struct sv name, bool raw, int how,
                     struct buf *out) {
    struct buf b = {0};
    struct jval v;
    char room[8];
    bool there = true;
    if (has_vars && lookup(vars, name, &v)) {
        there = jv_type(v) != JT_NULL;
        if (there) jv_unescape(v, &b);
        if (there && jv_type(v) != JT_STR && !b.n) buf_sv(&b, jv_raw(v));
    } else {
        const char *s = fixed_name(c, name, room);
        if (!s) s = setting(c, name);
        there = s != NULL;
        if (s) buf_str(&b, s);
    }
    if (how && !raw)
        percent(out, (struct sv){buf_text(&b), b.n});
    else
        buf_add(out, buf_text(&b), b.n);
    buf_free(&b);
    return there;
}

int plan_expand(struct crawl *c, const char *vars, const char *t, int how, bool *null, struct buf *out, struct err *e) {
    struct jval root = {0};
    bool has = vars && scan_vars(c, vars, &root);
    *null = false;
    while (*t) {
        const char *end = t[0] == '{' || (t[0] == '$' && t[1] == '{') ? strchr(t, '}') : NULL;
        if (!end) {
            buf_chr(out, *t++);
            continue;
        }
        if (*t == '$') {
            char name[128];
            snprintf(name, sizeof name, "%.*s", (int)(end - t - 2), t + 2);
            int rc = put_secret(name, how, out, e);
            if (rc) return rc;
        } else {
            bool raw = t[1] == '+';
            const char *from = t + 1 + raw;
            if (!put_name(c, root, has, (struct sv){from, (size_t)(end - from)}, raw, how, out)) *null = true;
        }
        t = end + 1;
    }
    return ERR_OK;
}

/* ---- before the first request ------------------------------------------------------------------------------------ */

static int check_secrets(struct crawl *c, const char *t, struct err *e) {
    struct buf b = {0};
    bool null;
    int rc = ERR_OK;
    if (t && strstr(t, "${")) {
        c->secrets = true;
        rc = plan_expand(c, NULL, t, 0, &null, &b, e);
        buf_free(&b);
        if (rc == ERR_OK) rc = plan_expand(c, NULL, t, 1, &null, &b, e); /* so that both forms are known as secrets */
    }
    buf_free(&b);
    return rc;
}

static int check_pairs(struct crawl *c, const struct pl_pairs *l, struct err *e) {
    int rc = ERR_OK;
    for (size_t i = 0; i < l->values.n && rc == ERR_OK; i++) rc = check_secrets(c, l->values.s[i], e);
    return rc;
}

int plan_prepare(struct crawl *c, struct err *e) {
    const struct pl_http *h = c->h;
    int rc = ERR_OK;
    for (size_t i = 0; i < h->nsettings && rc == ERR_OK; i++) {
        const struct pl_setting *s = &h->settings[i];
        const char *v = s->env ? getenv(s->env) : s->value;
        if ((!v || !*v) && !s->value)
            rc = err_set(e, ERR_CONFIG, "environment variable %s is not set (setting '%s' has no default)", s->env,
                         s->name);
    }
    if (rc == ERR_OK) rc = check_pairs(c, &h->headers, e);
    if (rc == ERR_OK) rc = check_pairs(c, &h->auth_query, e);
    if (rc == ERR_OK) rc = check_pairs(c, &h->auth_header, e);
    if (rc == ERR_OK) rc = check_secrets(c, h->user, e);
    if (rc == ERR_OK) rc = check_secrets(c, h->password, e);
    if (rc == ERR_OK) rc = check_secrets(c, h->bearer, e);
    for (size_t i = 0; i < h->nrequests && rc == ERR_OK; i++) {
        const struct pl_request *r = &h->requests[i];
        rc = check_secrets(c, r->url, e);
        if (rc == ERR_OK) rc = check_secrets(c, r->body, e);
        if (rc == ERR_OK) rc = check_pairs(c, &r->params, e);
        if (rc == ERR_OK) rc = check_pairs(c, &r->headers, e);
    }
    return rc;
}

/* Only what requests and records are made of counts: manners may change while a crawl is under way. */
char *plan_under(struct crawl *c) {
    struct sha256 h;
    char hex[65];
    sha256_start(&h);
    sha256_str(&h, c->h->requests_digest);
    for (size_t i = 0; i < c->h->nsettings; i++) sha256_str(&h, setting(c, sv_of(c->h->settings[i].name)));
    for (size_t i = 0; i < c->h->nrequests; i++)
        for (size_t k = 0; k < c->h->requests[i].nbinds; k++) {
            const struct pl_bind *b = &c->h->requests[i].binds[k];
            const char *text;
            size_t n;
            struct err e;
            const char *file = b->kind == BIND_CSV ? b->csv : b->kind == BIND_FROM ? b->otherwise : NULL;
            if (file && pipeline_file(c->p, &c->a, file, &text, &n, &e) == ERR_OK) sha256_add(&h, text, n);
        }
    sha256_hex(&h, hex);
    return arena_str(&c->a, hex);
}

/* Hosts that the definition and its settings name, not answers. */
struct strs plan_trusted(struct crawl *c) {
    struct strs l = {arena_alloc(&c->a, (c->h->nrequests + 1) * sizeof(char *)), 0};
    for (size_t i = 0; i < c->h->nrequests; i++) {
        struct buf b = {0};
        char origin[300];
        const char *t = c->h->requests[i].url;
        while (*t) {
            const char *end = *t == '{' ? strchr(t, '}') : NULL;
            size_t skip = end && t[1] == '+' ? 2 : 1;
            const char *s = end ? setting(c, (struct sv){t + skip, (size_t)(end - t) - skip}) : NULL;
            if (end && !s) break; /* from here on it depends on answers or lists */
            if (s)
                buf_str(&b, s);
            else
                buf_chr(&b, *t);
            t = end ? end + 1 : t + 1;
        }
        /* an authority that goes on into such a name is not known whole */
        const char *slashes = strstr(buf_text(&b), "://");
        bool whole = slashes && (!*t || strpbrk(slashes + 3, "/?#"));
        if (whole && http_origin(buf_text(&b), origin, sizeof origin)) l.s[l.n++] = arena_str(&c->a, origin);
        buf_free(&b);
    }
    return l;
}

/* ---- axes -------------------------------------------------------------------------------------------------------- */

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
static int start_axes(struct crawl *c, bool *got, struct err *e) {
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

static int step_axes(struct crawl *c, bool *got, struct err *e) {
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
static void put_vars(struct crawl *c, const char *page_name, int64_t page, struct buf *out) {
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

/* ---- requests ---------------------------------------------------------------------------------------------------- */

void visit_free(struct visit *v) {
    if (!v) return;
    if (v->live) {
        *v->live = v->live_next;
        if (v->live_next) v->live_next->live = v->live;
    }
    free(v->vars);
    free(v->url);
    free(v->body);
    free(v->shown);
    for (size_t i = 0; i < v->headers.n; i++) free((void *)(uintptr_t)v->headers.s[i]);
    free(v->headers.s);
    free(v);
}

static int add_params(struct crawl *c, const char *vars, const struct pl_pairs *l, struct buf *url, struct err *e) {
    int rc = ERR_OK;
    for (size_t i = 0; i < l->names.n && rc == ERR_OK; i++) {
        struct buf v = {0};
        bool null;
        const char *t = l->values.s[i];
        rc = plan_expand(c, vars, t, 0, &null, &v, e);
        bool only = t[0] == '{' && strchr(t, '}') == t + strlen(t) - 1;
        if (rc == ERR_OK && !(null && only)) {
            buf_chr(url, strchr(buf_text(url), '?') ? '&' : '?');
            percent(url, sv_of(l->names.s[i]));
            buf_chr(url, '=');
            percent(url, (struct sv){buf_text(&v), v.n});
        }
        buf_free(&v);
    }
    return rc;
}

static int add_headers(struct crawl *c, struct visit *v, const struct pl_pairs *l, struct err *e) {
    int rc = ERR_OK;
    for (size_t i = 0; i < l->names.n && rc == ERR_OK; i++) {
        struct buf b = {0};
        bool null;
        buf_fmt(&b, "%s: ", l->names.s[i]);
        rc = plan_expand(c, v->vars, l->values.s[i], 0, &null, &b, e);
        for (size_t k = 0; k < b.n; k++)
            if (b.p[k] == '\r' || b.p[k] == '\n') b.p[k] = ' ';
        v->headers.s = mem_grow(v->headers.s, (v->headers.n + 1) * sizeof(char *));
        v->headers.s[v->headers.n++] = mem_str(buf_text(&b));
        buf_free(&b);
    }
    return rc;
}

/* URL, body and headers of a visit from its vars; url not NULL: it is that one. */
static int make_request(struct crawl *c, struct visit *v, const char *url, struct err *e) {
    const struct pl_request *r = c->phases[v->phase].r;
    struct buf b = {0}, shown = {0}, body = {0};
    bool null;
    int rc = ERR_OK;
    if (url)
        buf_str(&b, url);
    else
        rc = plan_expand(c, v->vars, r->url, 1, &null, &b, e);
    if (rc == ERR_OK && !url) rc = add_params(c, v->vars, &r->params, &b, e);
    if (rc == ERR_OK) rc = add_params(c, v->vars, &c->h->auth_query, &b, e);
    if (rc == ERR_OK && r->body) rc = plan_expand(c, v->vars, r->body, 0, &null, &body, e);
    if (rc == ERR_OK) rc = add_headers(c, v, &r->headers, e);
    if (rc == ERR_OK) {
        struct buf made = {0}, key = {0};
        if (url_resolve(NULL, buf_text(&b), &made)) {
            b.n = 0;
            buf_str(&b, buf_text(&made));
        }
        buf_free(&made);
        buf_str(&shown, buf_text(&b));
        secret_hide(&shown, 0);
        v->url = mem_str(buf_text(&b));
        v->shown = mem_str(buf_text(&shown));
        v->body = r->body ? mem_str(buf_text(&body)) : NULL;
        buf_str(&key, v->shown);
        if (r->body) buf_fmt(&key, "\n%s", buf_text(&body));
        if (r->body) secret_hide(&key, 0);
        sha1_of(key.p, key.n, v->sha1);
        buf_free(&key);
    }
    buf_free(&b);
    buf_free(&shown);
    buf_free(&body);
    return rc;
}

static bool wants_again(const struct crawl *c, const struct entry *x) {
    if (c->o->fetched) return false;
    if (c->round) return x->temporary;
    return x->temporary || c->o->retry_failed;
}

/* Queue the visit, or go on behind the answer that is known. Takes v. */
static int submit(struct crawl *c, struct visit *v, struct err *e) {
    v->entry = journal_find(&c->j, v->phase, v->sha1);
    struct entry *x = &c->j.e[v->entry];
    int rc = ERR_OK;
    bool taken = false;
    if (x->pass == c->pass) { /* the same URL again: in another list, or a page that names itself */
        if (!c->round) c->t.duplicates++;
        visit_free(v);
        return rc;
    }
    x->pass = c->pass;
    crawl_place(c, v->phase, v->base, v->page, v->entry);
    bool known =
        x->state == ENTRY_SUCCESS || x->state == ENTRY_EMPTY || (x->state == ENTRY_FAILED && !wants_again(c, x));
    if (c->urls && !v->extra) known = true; /* only what --urls names is asked for */
    if (!known && c->old.path) {
        rc = answer_again(c, v, &taken, e);
        if (rc || taken) return rc;
    }
    if (!known || v->extra) {
        v->next = NULL;
        *c->ready_end = v;
        c->ready_end = &v->next;
        c->nready++;
        return rc;
    }
    if (x->more && x->state != ENTRY_FAILED) {
        struct journal_head h;
        struct arena a = {0};
        size_t entry = v->entry;
        rc = journal_head(&c->j, entry, &a, &h, e);
        if (rc == ERR_OK && h.next) rc = plan_follow(c, v, h.next, h.seen, h.sum, e);
        arena_free(&a);
    }
    visit_free(v);
    return rc;
}

/* next: the counter's, the cursor's, or the URL of the next page. */
int plan_follow(struct crawl *c, const struct visit *v, const char *next, size_t seen, uint64_t sum, struct err *e) {
    const struct pl_pages *g = &c->phases[v->phase].r->pages;
    struct visit *w = mem_alloc(sizeof *w);
    struct buf vars = {0};
    *w = (struct visit){.c = c,
                        .phase = v->phase,
                        .base = v->base,
                        .page = v->page + 1,
                        .seen = seen,
                        .last_sum = sum,
                        .extra = v->extra};
    size_t n = strlen(v->vars);
    struct jval root, old;
    if (g->kind == PAGES_NEXT) {
        w->vars = mem_str(v->vars);
    } else { /* the name's value is replaced by putting it behind: the last of equal keys counts */
        bool any = scan_vars(c, v->vars, &root) && jv_tok(root)->n > 0;
        bool had = any && lookup(root, sv_of(g->name), &old);
        size_t keep = n - 1;
        if (had) { /* it is always the last one */
            keep = (size_t)(jv_tok(old)->off - (jv_type(old) == JT_STR)) - strlen(g->name) - 3;
            while (keep && v->vars[keep] != ',' && v->vars[keep] != '{') keep--;
            if (v->vars[keep] == '{') keep++;
        }
        buf_add(&vars, v->vars, keep);
        if (keep > 1) buf_chr(&vars, ',');
        json_text_quote(&vars, g->name);
        buf_chr(&vars, ':');
        if (g->kind == PAGES_COUNT)
            buf_str(&vars, next);
        else
            json_text_quote(&vars, next);
        buf_chr(&vars, '}');
        w->vars = mem_str(buf_text(&vars));
        buf_free(&vars);
    }
    int rc = make_request(c, w, g->kind == PAGES_NEXT ? next : NULL, e);
    if (rc) {
        visit_free(w);
        return rc;
    }
    return submit(c, w, e);
}

static int next_url(struct crawl *c, bool *more, struct err *e) {
    struct buf made = {0};
    struct visit *v = mem_alloc(sizeof *v);
    const char *url = c->urls[c->url_at++];
    *more = c->url_at < c->nurls;
    *v = (struct visit){.c = c, .phase = c->phase, .base = UINT32_MAX, .page = (uint32_t)c->url_at, .extra = true};
    v->vars = mem_str("{}");
    int rc = make_request(c, v, url_resolve(NULL, url, &made) ? buf_text(&made) : url, e);
    buf_free(&made);
    if (rc == ERR_OK) return submit(c, v, e);
    visit_free(v);
    return rc;
}

int plan_next(struct crawl *c, bool *more, struct err *e) {
    const struct pl_pages *g = &c->phases[c->phase].r->pages;
    struct buf vars = {0};
    bool got = false;
    int rc = ERR_OK;
    *more = false;
    if (c->urls && c->phase + 1 == c->h->nrequests && c->url_at < c->nurls && !c->round) {
        *more = true; /* first, so that their entries are not taken as known */
        bool left;
        return next_url(c, &left, e);
    }
    if (!c->begun) {
        c->begun = true;
        rc = start_axes(c, &got, e);
    } else {
        rc = step_axes(c, &got, e);
    }
    if (rc || !got) return rc;
    *more = true;
    struct visit *v = mem_alloc(sizeof *v);
    *v = (struct visit){.c = c, .phase = c->phase, .base = c->base++};
    if (g->kind == PAGES_CURSOR) {
        put_vars(c, NULL, 0, &vars);
        vars.n--;
        buf_fmt(&vars, "%s\"%s\":null}", c->naxes ? "," : "", g->name);
    } else {
        put_vars(c, g->kind == PAGES_COUNT ? g->name : NULL, g->first, &vars);
    }
    v->vars = mem_str(buf_text(&vars));
    buf_free(&vars);
    if (c->base == UINT32_MAX - 1) rc = err_set(e, ERR_LIMIT, "the definition makes too many requests");
    if (rc == ERR_OK) rc = make_request(c, v, NULL, e);
    if (rc == ERR_OK) return submit(c, v, e);
    visit_free(v);
    return rc;
}

/*
 * Which requests a crawl makes, in which order: the cross product of what the names of "for" stand for (web_axes.c),
 * and the pages behind each. The plan is gone through anew in every pass; what the journal knows already is not asked
 * again.
 */
#include "base/hash.h"
#include "base/log.h"
#include "collect/web_impl.h"

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
            plan_percent(url, sv_of(l->names.s[i]));
            buf_chr(url, '=');
            plan_percent(url, (struct sv){buf_text(&v), v.n});
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
        bool any = plan_scan(c, v->vars, &root) && jv_tok(root)->n > 0;
        bool had = any && plan_lookup(root, sv_of(g->name), &old);
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
        rc = axes_start(c, &got, e);
    } else {
        rc = axes_step(c, &got, e);
    }
    if (rc || !got) return rc;
    *more = true;
    struct visit *v = mem_alloc(sizeof *v);
    *v = (struct visit){.c = c, .phase = c->phase, .base = c->base++};
    if (g->kind == PAGES_CURSOR) {
        axes_vars(c, NULL, 0, &vars);
        vars.n--;
        buf_fmt(&vars, "%s\"%s\":null}", c->naxes ? "," : "", g->name);
    } else {
        axes_vars(c, g->kind == PAGES_COUNT ? g->name : NULL, g->first, &vars);
    }
    v->vars = mem_str(buf_text(&vars));
    buf_free(&vars);
    if (c->base == UINT32_MAX - 1) rc = err_set(e, ERR_LIMIT, "the definition makes too many requests");
    if (rc == ERR_OK) rc = make_request(c, v, NULL, e);
    if (rc == ERR_OK) return submit(c, v, e);
    visit_free(v);
    return rc;
}

/* What an answer means: verdicts, echo, records, the next page; and its entry in the journal. */
#include <xxhash.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/progress.h"
#include "collect/web_impl.h"

struct taking { /* one answer on its way into the journal */
    struct crawl *c;
    const struct visit *v;
    const struct pl_request *r;
    const char *url;  /* after redirects, without secrets */
    const char *type; /* Content-Type; NULL */
    struct buf *out;
    size_t items;
};

/* A rejected record: a JSON string that says which URL and why. */
static void put_reject(struct buf *out, const char *url, const char *why, struct sv text) {
    struct buf b = {0};
    buf_fmt(&b, "%s: %s", url, why);
    if (text.n) {
        buf_str(&b, ": ");
        buf_add(&b, text.p, text.n < 2000 ? text.n : 2000);
    }
    json_quote(out, (struct sv){b.p, b.n});
    buf_chr(out, '\n');
    buf_free(&b);
}

static int take_item(void *ctx, struct sv text, const char *reason, struct err *e) {
    struct taking *t = ctx;
    (void)e;
    if (reason) {
        put_reject(t->out, t->url, reason, text);
    } else {
        buf_sv(t->out, text);
        buf_chr(t->out, '\n');
    }
    t->items++;
    return ERR_OK;
}

static bool var_of(void *ctx, const char *name, struct buf *out) {
    const struct taking *t = ctx;
    return plan_var(t->c, t->v->vars, t->url, name, out) == 1;
}

/* ---- understanding ----------------------------------------------------------------------------------------------- */

struct meaning {
    enum entry_state state;
    const char *reason;
    bool temporary, again, records;
    char detail[300];
};

static void fail(struct meaning *m, const char *reason, bool temporary, const char *detail) {
    m->state = ENTRY_FAILED;
    m->reason = reason;
    m->temporary = temporary;
    m->records = false;
    snprintf(m->detail, sizeof m->detail, "%s", detail);
}

static int judge(struct taking *t, struct meaning *m, struct err *e) {
    struct crawl *c = t->c;
    for (size_t i = 0; i < t->r->nverdicts; i++) {
        const struct pl_verdict *d = &t->r->verdicts[i];
        if (!extractor_test(c->x, &d->test)) continue;
        const char *say = d->say ? d->say : "the answer says that it failed";
        if (d->is == VERDICT_OK) return ERR_OK;
        if (d->is == VERDICT_FATAL)
            return err_set(e, ERR_DATA, "%s: %s (stopped at once)", t->v->shown,
                           d->say ? d->say : "the answer says that no request can succeed");
        if (d->is == VERDICT_EMPTY) {
            m->state = ENTRY_EMPTY;
            m->reason = "empty";
            m->records = false;
        } else {
            fail(m, "api_error", d->is == VERDICT_RETRY, say);
            m->again = d->is == VERDICT_RETRY;
        }
        return ERR_OK;
    }
    return ERR_OK;
}

/* Does the answer belong to the question? */
static int check_echo(struct taking *t, struct meaning *m, struct err *e) {
    const struct pl_pairs *l = &t->r->echo;
    int rc = ERR_OK;
    for (size_t i = 0; i < l->names.n && rc == ERR_OK && m->records; i++) {
        struct buf want = {0}, got = {0};
        bool null, there;
        rc = plan_expand(t->c, t->v->vars, l->values.s[i], 0, &null, &want, e);
        there = extractor_at(t->c->x, l->names.s[i], &got);
        if (rc == ERR_OK && (!there || strcmp(buf_text(&want), buf_text(&got)) != 0)) {
            char detail[300];
            snprintf(detail, sizeof detail, "it answers another question: %s is %s, asked was %s", l->names.s[i],
                     there ? buf_text(&got) : "not there", buf_text(&want));
            fail(m, "echo", false, detail);
        }
        buf_free(&want);
        buf_free(&got);
    }
    return rc;
}

static int understand(struct taking *t, const struct ex_doc *doc, struct meaning *m, struct err *e) {
    struct crawl *c = t->c;
    char why[EX_WHY];
    size_t n = 0;
    *m = (struct meaning){.state = ENTRY_SUCCESS, .reason = "ok", .records = true};
    if (!extractor_open(c->x, &t->r->extract, doc, why)) {
        fail(m, "parse_error", true, why);
        return ERR_OK;
    }
    int rc = judge(t, m, e);
    if (rc == ERR_OK && m->records) rc = check_echo(t, m, e);
    if (rc || !m->records) return rc;
    struct err mine = {0};
    rc = extractor_records(c->x, take_item, t, &n, &mine);
    if (rc == ERR_DATA) {
        fail(m, "parse_error", true, mine.msg);
        t->out->n = t->items = 0;
        return ERR_OK;
    }
    if (rc) *e = mine;
    if (rc == ERR_OK && t->out->over) {
        fail(m, "too_large", false, "its records are too large");
        t->out->n = t->items = 0;
    }
    return rc;
}

/* ---- pages ------------------------------------------------------------------------------------------------------- */

/* The JSON text of a value as plain text; false for nothing. */
static bool plain(struct crawl *c, const struct ex_take *take, struct buf *out) {
    struct buf json = {0};
    struct jtoks toks = {0};
    struct jerr je;
    bool ok = extractor_take(c->x, take, &json) && json_scan(&toks, buf_text(&json), json.n, 0, &je);
    if (ok) {
        struct jval v = {json.p, toks.t, 0};
        ok = jv_type(v) == JT_STR || jv_type(v) == JT_NUM;
        if (jv_type(v) == JT_STR)
            jv_unescape(v, out);
        else if (ok)
            buf_sv(out, jv_raw(v));
        ok = ok && out->n;
    }
    jtoks_free(&toks);
    buf_free(&json);
    return ok;
}

/* What comes after this page, as text for plan_follow; false: it was the last. */
static bool next_page(struct taking *t, const struct meaning *m, size_t seen, uint64_t sum, const char *link,
                      struct buf *next) {
    const struct pl_pages *g = &t->r->pages;
    struct crawl *c = t->c;
    struct buf total = {0};
    if (g->kind == PAGES_NONE || m->state == ENTRY_FAILED || t->v->phase >= c->h->nrequests) return false;
    if (t->v->page + 1 >= (uint64_t)g->max) {
        log_warn("%s: no more than %lld pages are asked for", t->v->shown, (long long)g->max);
        return false;
    }
    for (size_t i = 0; i < g->nuntil; i++)
        if (extractor_test(c->x, &g->until[i])) return false;
    if (g->total.kind != EX_NONE && plain(c, &g->total, &total)) {
        bool all = seen >= strtoull(buf_text(&total), NULL, 10);
        buf_free(&total);
        if (all) return false;
    }
    buf_free(&total);
    if (g->kind == PAGES_COUNT) {
        if (!t->items) return false; /* an empty page */
        if (t->items && sum == t->v->last_sum) {
            log_warn("%s: the page repeats the one before; its list ends here", t->v->shown);
            return false;
        }
        int64_t turn = (int64_t)t->v->page + 1, at = g->first + g->step * turn;
        buf_fmt(next, "%lld", (long long)at);
        return true;
    }
    if (plain(c, &g->find, next)) return true;
    if (g->kind == PAGES_NEXT && g->find.kind == EX_NONE && link) return url_resolve(t->url, link, next);
    return false;
}

/* ---- into the journal -------------------------------------------------------------------------------------------- */

static int enter(struct taking *t, const struct meaning *m, const struct http_answer *a, const char *kept,
                 const char *link, struct err *e) {
    struct crawl *c = t->c;
    const struct visit *v = t->v;
    struct buf next = {0};
    uint64_t sum = XXH3_64bits(t->out->n ? t->out->p : "", t->out->n);
    size_t seen = v->seen + t->items;
    bool more = next_page(t, m, seen, sum, link, &next);
    struct journal_head h = {.phase = t->r->name,
                             .phase_no = v->phase,
                             .sha1 = v->sha1,
                             .url = v->shown,
                             .reason = m->reason,
                             .state = m->state,
                             .status = a->status,
                             .attempts = a->attempts,
                             .items = t->items,
                             .seen = seen,
                             .temporary = m->temporary,
                             .extra = v->extra,
                             .next = more ? buf_text(&next) : NULL,
                             .answer = kept,
                             .type = kept ? t->type : NULL,
                             .from = kept && strcmp(t->url, v->shown) != 0 ? t->url : NULL};
    int rc = journal_add(&c->j, &h, (struct sv){buf_text(t->out), t->out->n}, e);
    if (rc == ERR_OK) rc = crawl_note(c, v, m->state, m->reason, a->status, a->attempts);
    if (rc == ERR_OK && more && v->base != UINT32_MAX) rc = plan_follow(c, v, buf_text(&next), seen, sum, e);
    buf_free(&next);
    return rc;
}

/* A body that was had: from the network, or kept. */
static int take_body(struct crawl *c, struct visit *v, const struct http_answer *a, struct sv body, const char *kept,
                     bool *again, struct err *e) {
    struct buf url = {0}, type = {0};
    buf_str(&url, a->url ? a->url : v->url);
    struct buf base = {0};
    buf_str(&base, buf_text(&url));
    buf_str(&type, a->content_type);
    secret_hide(&url, 0);
    secret_hide(&type, 0);
    struct taking t = {.c = c,
                       .v = v,
                       .r = c->phases[v->phase].r,
                       .url = buf_text(&url),
                       .type = type.n ? buf_text(&type) : NULL,
                       .out = &c->payload};
    struct ex_doc doc = {.body = body,
                         .content_type = a->content_type,
                         .url = buf_text(&base),
                         .var = var_of,
                         .ctx = &t,
                         .max = c->h->max_bytes};
    struct meaning m;
    c->payload.n = 0;
    c->payload.over = false;
    c->payload.max = c->h->max_bytes * 4;
    int rc = understand(&t, &doc, &m, e);
    if (rc == ERR_OK && m.again && !a->last) {
        *again = true;
    } else if (rc == ERR_OK) {
        if (m.state == ENTRY_FAILED) {
            log_debug("%s: %s", v->shown, m.detail);
            if (t.r->collect && strcmp(m.reason, "api_error") != 0)
                put_reject(&c->payload, t.url, m.detail, (struct sv){0});
        }
        c->t.items += t.items;
        rc = enter(&t, &m, a, kept, a->next, e);
    }
    buf_free(&url);
    buf_free(&base);
    buf_free(&type);
    return rc;
}

static int take_failure(struct crawl *c, struct visit *v, const struct http_answer *a, struct err *e) {
    struct taking t = {.c = c, .v = v, .r = c->phases[v->phase].r, .url = v->shown, .out = &c->payload};
    struct meaning m = {.state = ENTRY_FAILED, .reason = http_reason_name(a->reason), .temporary = a->temporary};
    struct buf detail = {0};
    c->payload.n = 0;
    if (a->reason == HTTP_BUDGET || a->reason == HTTP_HOST_GIVEN_UP) m.temporary = true;
    buf_str(&detail, a->detail);
    secret_hide(&detail, 0);
    log_debug("%s: %s: %s", v->shown, m.reason, buf_text(&detail));
    buf_free(&detail);
    return enter(&t, &m, a, NULL, NULL, e);
}

int answer_take(void *ctx, void *tag, const struct http_answer *a, bool *again, struct err *e) {
    struct crawl *c = ctx;
    struct visit *v = tag;
    char kept[65] = "";
    struct buf hidden = {0};
    struct sv body = a->body;
    int rc = ERR_OK;
    c->t.bytes += a->wire_bytes;
    if (a->reason != HTTP_OK) {
        rc = take_failure(c, v, a, e);
    } else {
        if (c->secrets) { /* answers echo questions, with the key in them */
            buf_sv(&hidden, body);
            secret_hide(&hidden, 0);
            body = (struct sv){buf_text(&hidden), hidden.n};
        }
        if (c->h->keep_answers && c->durable) rc = kept_keep(c, body, kept, e);
        const char *partition = c->phases[v->phase].r ? c->phases[v->phase].r->partition : NULL;
        if (rc == ERR_OK && kept[0] && partition && v->vars) rc = kept_place(c, v, partition, kept, e);
        if (rc == ERR_OK) rc = take_body(c, v, a, body, kept[0] ? kept : NULL, again, e);
    }
    buf_free(&hidden);
    if (!*again) {
        c->t.sent += (uint64_t)a->attempts;
        progress_add(1);
        visit_free(v);
    }
    return rc;
}

int answer_again(struct crawl *c, struct visit *v, bool *taken, struct err *e) {
    struct journal_head h;
    struct arena a = {0};
    struct buf body = {0};
    bool again = false;
    size_t i = journal_find(&c->old, v->phase, v->sha1);
    *taken = false;
    if (c->old.e[i].state == ENTRY_NONE) return ERR_OK;
    struct err mine = {0};
    int rc = journal_head(&c->old, i, &a, &h, &mine);
    if (rc == ERR_OK && h.answer) rc = kept_read(c, h.answer, &body, &mine);
    if (rc == ERR_OK && h.answer) {
        struct http_answer fake = {.status = h.status,
                                   .attempts = 0,
                                   .last = true,
                                   .url = h.from ? h.from : v->url,
                                   .content_type = h.type,
                                   .next = h.next};
        *taken = true;
        char *kept = arena_str(&a, h.answer);
        rc = take_body(c, v, &fake, (struct sv){buf_text(&body), body.n}, kept, &again, e);
        visit_free(v);
    } else {
        rc = ERR_OK; /* it is asked for again */
    }
    buf_free(&body);
    arena_free(&a);
    return rc;
}

/* See web.h. The course of a crawl: passes through the plan, retry rounds, the ledger; and several side by side. */
#include "collect/web.h"

#include <poll.h>
#include <unistd.h>

#include "base/log.h"
#include "base/progress.h"
#include "base/stop.h"
#include "collect/web_impl.h"
#include "io/file.h"
#include "io/part.h"

/* ---- places and order -------------------------------------------------------------------------------------------- */

int crawl_place(struct crawl *c, size_t phase, uint32_t base, uint32_t page, size_t entry) {
    struct phase *f = &c->phases[phase];
    if (f->n == f->cap) f->order = mem_grow(f->order, (f->cap = f->cap ? f->cap * 2 : 256) * sizeof *f->order);
    f->order[f->n++] = (struct place){base, page, (uint32_t)entry};
    f->sorted = false;
    return ERR_OK;
}

static int compare_places(const void *a, const void *b) {
    const struct place *x = a, *y = b;
    if (x->base != y->base) return x->base < y->base ? -1 : 1;
    return x->page < y->page ? -1 : x->page > y->page;
}

void crawl_order(struct crawl *c, size_t phase) {
    struct phase *f = &c->phases[phase];
    if (f->n && !f->sorted) qsort(f->order, f->n, sizeof *f->order, compare_places);
    f->sorted = true;
}

/* ---- the ledger -------------------------------------------------------------------------------------------------- */

int crawl_note(struct crawl *c, const struct visit *v, enum entry_state s, const char *reason, long status,
               int attempts) {
    if (!c->durable) return ERR_OK;
    if (c->ndone == c->capdone)
        c->done = mem_grow(c->done, (c->capdone = c->capdone ? c->capdone * 2 : 256) * sizeof *c->done);
    c->done[c->ndone++] = (struct ended){mem_str(v->sha1), mem_str(v->shown), s, reason, status, attempts};
    return ERR_OK;
}

static int put_rows(struct crawl *c, struct err *e) {
    int rc = requests_begin(&c->rows, e);
    if (rc) return rc;
    for (size_t i = 0; i < c->ndone && rc == ERR_OK; i++) {
        const struct ended *d = &c->done[i];
        struct request_row r = {d->sha1, d->url, entry_state_names[d->state], d->reason, d->status, d->attempts};
        rc = requests_put(&c->rows, &r, e);
    }
    for (struct visit *v = c->ready; v && rc == ERR_OK; v = v->next) {
        struct request_row r = {v->sha1, v->shown, "PENDING", NULL, 0, 0};
        rc = requests_put(&c->rows, &r, e);
    }
    if (rc == ERR_OK) rc = requests_commit(&c->rows, e);
    if (rc) requests_rollback(&c->rows);
    return rc;
}

/* First the journal, then the ledger, then the requests that it knows of now. */
static int flush(struct crawl *c, struct err *e) {
    int rc = ERR_OK;
    if (c->durable && c->ndone) rc = journal_sync(&c->j, e);
    if (rc == ERR_OK && c->durable && (c->ndone || c->ready)) rc = put_rows(c, e);
    if (rc) return rc;
    for (size_t i = 0; i < c->ndone; i++) {
        free(c->done[i].sha1);
        free(c->done[i].url);
    }
    c->ndone = 0;
    for (struct visit *v = c->ready, *next; v; v = next) {
        next = v->next;
        v->next = NULL;
        v->live_next = c->live;
        if (c->live) c->live->live = &v->live_next;
        v->live = &c->live;
        c->live = v;
        http_add(c->net, &(struct http_request){.url = v->url, .body = v->body, .headers = v->headers, .tag = v});
        progress_expect(1);
    }
    c->ready = NULL;
    c->ready_end = &c->ready;
    c->nready = 0;
    c->flushed = now_mono();
    return rc;
}

static int note_left(void *ctx, const char *sha1, const char *url, struct err *e) {
    struct crawl *c = ctx;
    (void)e;
    for (size_t k = 0; k < c->h->nrequests; k++) {
        size_t i = journal_find(&c->j, k, sha1);
        if (c->j.e[i].state == ENTRY_NONE) continue;
        struct arena a = {0};
        struct journal_head h;
        struct err mine;
        if (journal_head(&c->j, i, &a, &h, &mine) == ERR_OK) {
            struct visit v = {.shown = (char *)(uintptr_t)url};
            snprintf(v.sha1, sizeof v.sha1, "%s", sha1);
            crawl_note(c, &v, h.state, arena_str(&c->a, h.reason ? h.reason : "ok"), h.status, h.attempts);
        }
        arena_free(&a);
        return ERR_OK;
    }
    return ERR_OK;
}

/* ---- opening and closing ----------------------------------------------------------------------------------------- */

static char *pair_of(struct crawl *c, const char *template, struct err *e) {
    struct buf b = {0};
    bool null;
    char *s = NULL;
    if (template && plan_expand(c, NULL, template, 0, &null, &b, e) == ERR_OK) s = arena_strn(&c->a, buf_text(&b), b.n);
    buf_free(&b);
    return s;
}

static struct strs header_lines(struct crawl *c, const struct pl_pairs *l, const char *bearer, struct err *e) {
    struct strs out = {arena_alloc(&c->a, (l->names.n + 2) * sizeof(char *)), 0};
    for (size_t i = 0; i < l->names.n; i++) {
        char *v = pair_of(c, l->values.s[i], e);
        out.s[out.n++] = arena_fmt(&c->a, "%s: %s", l->names.s[i], v ? v : "");
    }
    if (bearer) out.s[out.n++] = arena_fmt(&c->a, "Authorization: Bearer %s", pair_of(c, bearer, e));
    return out;
}

/* Credentials of Basic go over the wire in base64, in which answers may repeat them. */
static void hide_basic(const char *userpwd) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    struct buf b = {0};
    size_t n = strlen(userpwd);
    for (size_t i = 0; i < n; i += 3) {
        uint32_t v = 0;
        for (size_t k = 0; k < 3; k++) v = v << 8 | (i + k < n ? (unsigned char)userpwd[i + k] : 0);
        for (size_t k = 0; k < 4; k++) buf_chr(&b, i + k <= n ? digits[v >> (18 - 6 * k) & 63] : '=');
    }
    secret_add(buf_text(&b));
    buf_free(&b);
}

static int open_net(struct crawl *c, struct err *e) {
    const struct pl_http *h = c->h;
    struct http_cfg f = {.concurrency = h->concurrency,
                         .per_host = h->per_host,
                         .rate = h->rate,
                         .connect = (double)h->connect,
                         .first_byte = (double)h->first_byte,
                         .stalled = (double)h->stalled,
                         .whole = (double)h->whole,
                         .max_bytes = h->max_bytes,
                         .max_held = c->o->memory,
                         .max_redirects = h->max_redirects,
                         .other_hosts = h->other_hosts,
                         .private_addresses = h->private_addresses,
                         .robots = h->robots,
                         .cookies = h->cookies,
                         .attempts = h->attempts,
                         .backoff = (double)h->backoff,
                         .backoff_max = (double)h->backoff_max,
                         .breaker_failures = h->breaker_failures,
                         .breaker_openings = h->breaker_openings,
                         .breaker_pause = (double)h->breaker_pause,
                         .budget_requests = h->budget_requests,
                         .budget_bytes = h->budget_bytes,
                         .budget_time = (double)h->budget_time,
                         .done = answer_take,
                         .ctx = c};
    f.user_agent = h->user_agent ? pair_of(c, h->user_agent, e) : "etl/" ETL_VERSION " (data pipeline)";
    f.headers = header_lines(c, &h->headers, NULL, e);
    f.auth = header_lines(c, &h->auth_header, h->bearer, e);
    if (h->user) {
        f.userpwd = arena_fmt(&c->a, "%s:%s", pair_of(c, h->user, e), pair_of(c, h->password, e));
        hide_basic(f.userpwd);
    }
    f.trusted = plan_trusted(c);
    f.ca_bundle = getenv("ETL_CA_BUNDLE");
    return http_new(&c->net, &f, e);
}

static int prepare_extraction(struct crawl *c, struct err *e) {
    int rc = ERR_OK;
    c->x = extractor_new();
    for (size_t i = 0; i < c->h->nrequests && rc == ERR_OK; i++) {
        const struct pl_request *r = &c->h->requests[i];
        rc = extractor_prepare(c->x, &r->extract, e);
        if (rc == ERR_OK) rc = extractor_prepare_take(c->x, &r->pages.find, e);
        if (rc == ERR_OK) rc = extractor_prepare_take(c->x, &r->pages.total, e);
        for (size_t k = 0; k < r->pages.nuntil && rc == ERR_OK; k++)
            rc = extractor_prepare_test(c->x, &r->pages.until[k], e);
        for (size_t k = 0; k < r->nverdicts && rc == ERR_OK; k++)
            rc = extractor_prepare_test(c->x, &r->verdicts[k].test, e);
    }
    return rc;
}

/* Journals and answers that are older than their rows in the ledger are allowed to be. */
static void sweep_days(struct crawl *c, const char *layer) {
    char **names;
    size_t n;
    struct err e;
    char *dir = arena_fmt(&c->a, "%s/lake/%s/%s/%s", c->o->home, c->p->name, layer, c->d->name);
    day_t oldest = zone_day(&c->p->zone, now_utc()) - (day_t)(c->h->keep / 86400) - 1;
    if (dir_list(dir, &c->a, &names, &n, &e)) return;
    for (size_t i = 0; i < n; i++) {
        day_t day;
        if (strncmp(names[i], "dt=", 3) != 0 || !day_parse(sv_of(names[i] + 3), &day)) continue;
        if (day < oldest && day != c->day) dir_remove(arena_fmt(&c->a, "%s/%s", dir, names[i]), &e);
    }
}

static int open_journal(struct crawl *c, struct err *e) {
    char *path = arena_fmt(&c->a, "%s/journal", c->dir), *old = arena_fmt(&c->a, "%s.old", path);
    const char *run = c->o->run_id ? c->o->run_id : "";
    int rc = dir_make(c->dir, e);
    if (rc == ERR_OK) rc = journal_open(&c->j, path, plan_under(c), c->o->fresh ? run : NULL, run, e);
    if (rc || !c->durable) return rc;
    if (!c->h->keep_answers || c->o->fresh) {
        unlink(old);
    } else if (file_exists(old)) {
        log_info("the definition changed: answers that were kept are parsed again");
        rc = journal_open_old(&c->old, old, e);
    }
    return rc;
}

static int read_urls(struct crawl *c, struct err *e) {
    struct buf b = {0};
    int rc = file_read(c->o->urls, (size_t)256 << 20, &b, e);
    size_t cap = 0;
    for (char *p = b.p, *end = b.p + b.n; rc == ERR_OK && p && p < end;) {
        char *nl = memchr(p, '\n', (size_t)(end - p));
        size_t n = (size_t)((nl ? nl : end) - p);
        while (n && strchr(" \t\r", p[n - 1])) n--;
        if (n && *p != '#') {
            if (c->nurls == cap) c->urls = mem_grow(c->urls, (cap = cap ? cap * 2 : 64) * sizeof *c->urls);
            c->urls[c->nurls++] = arena_strn(&c->a, p, n);
        }
        p = nl ? nl + 1 : end;
    }
    buf_free(&b);
    if (rc == ERR_OK && !c->nurls) rc = err_set(e, ERR_NOINPUT, "%s holds no URL", c->o->urls);
    return rc;
}

static int crawl_open(struct crawl *c, const struct pipeline *p, const struct pl_dataset *d, day_t day,
                      const struct collect_opt *o, struct err *e) {
    *c = (struct crawl){.p = p, .d = d, .h = d->source.http, .o = o, .day = day, .durable = o->run_id != NULL};
    c->ready_end = &c->ready;
    c->started = c->flushed = now_mono();
    c->opened = true;
    c->j.fd = c->old.fd = -1;
    snprintf(c->date, sizeof c->date, "%s", day_text(day).s);
    snprintf(c->compact, sizeof c->compact, "%.4s%.2s%.2s", c->date, c->date + 5, c->date + 8);
    c->source = arena_fmt(&c->a, "%s/%s", p->name, d->name);
    c->dir = c->durable ? part_dir(&c->a, o->home, p->name, "requests", d->name, NULL, day)
                        : arena_fmt(&c->a, "%s/crawl-%d-%s", o->tmpdir ? o->tmpdir : "/tmp", (int)getpid(), d->name);
    if (c->durable) c->answers = part_dir(&c->a, o->home, p->name, "answers", d->name, NULL, day);
    c->window = (size_t)c->h->concurrency * 4 + 64;
    c->phases = arena_alloc(&c->a, c->h->nrequests * sizeof *c->phases);
    for (size_t i = 0; i < c->h->nrequests; i++) c->phases[i].r = &c->h->requests[i];
    int rc = plan_prepare(c, e);
    if (rc == ERR_OK && o->urls) rc = read_urls(c, e);
    if (rc == ERR_OK) rc = open_journal(c, e);
    if (rc == ERR_OK) rc = prepare_extraction(c, e);
    if (rc == ERR_OK) rc = open_net(c, e);
    if (rc || !c->durable) return rc;
    sweep_days(c, "requests");
    sweep_days(c, "answers");
    rc = ledger_open(&c->ledger, o->home, e);
    if (rc == ERR_OK)
        rc = requests_open(&c->rows, &c->ledger, c->source, c->date, o->run_id ? o->run_id : "", c->h->keep, e);
    if (rc == ERR_OK) rc = requests_pending(&c->rows, note_left, c, e);
    return rc;
}

static void crawl_close(struct crawl *c) {
    struct err e;
    if (!c->opened) return;
    http_free(c->net);
    while (c->live) visit_free(c->live);
    for (struct visit *v = c->ready, *next; v; v = next) {
        next = v->next;
        visit_free(v);
    }
    for (size_t i = 0; i < c->ndone; i++) {
        free(c->done[i].sha1);
        free(c->done[i].url);
    }
    free(c->done);
    plan_end(c);
    extractor_free(c->x);
    requests_close(&c->rows);
    if (c->durable) ledger_close(&c->ledger);
    journal_close(&c->j);
    journal_close(&c->old);
    if (!c->durable) dir_remove(c->dir, &e);
    for (size_t i = 0; i < c->h->nrequests; i++) free(c->phases[i].order);
    free(c->urls);
    buf_free(&c->payload);
    jtoks_free(&c->toks);
    arena_free(&c->a);
    *c = (struct crawl){0};
}

/* ---- passes ------------------------------------------------------------------------------------------------------ */

static size_t count_temporary(const struct crawl *c) {
    const struct phase *f = &c->phases[c->phase];
    size_t n = 0;
    for (size_t i = 0; i < f->n; i++) {
        const struct entry *x = &c->j.e[f->order[i].entry];
        n += x->state == ENTRY_FAILED && x->temporary;
    }
    return n;
}

/* All of the phase was asked for: a retry round, the next phase, or the end. */
static int end_pass(struct crawl *c, struct err *e) {
    size_t failed = count_temporary(c);
    int rc = flush(c, e);
    if (rc) return rc;
    crawl_order(c, c->phase);
    if (failed && c->round < c->h->rounds && !c->o->fetched) {
        c->round++;
        c->state = CRAWL_PAUSE;
        c->resume_at = now_mono() + (double)c->h->pause;
        log_info("%s %s: %zu URLs failed; round %d of %d for them begins in %lld s", c->d->name,
                 c->phases[c->phase].r->name, failed, c->round, c->h->rounds, (long long)c->h->pause);
        return rc;
    }
    c->round = 0;
    if (++c->phase == c->h->nrequests) {
        c->phase--;
        c->state = CRAWL_DONE;
    } else {
        plan_begin(c);
    }
    return rc;
}

/* Bytes that the answers may hold together grow with what is under way, so the plan runs ahead by a little only. */
static int crawl_turn(struct crawl *c, struct err *e) {
    int rc = ERR_OK;
    if (c->state == CRAWL_PAUSE && now_mono() >= c->resume_at) {
        plan_begin(c);
        c->state = CRAWL_PASS;
    }
    if (c->state != CRAWL_PASS) return rc;
    if (!c->pass) plan_begin(c);
    bool more = !c->planned_all;
    for (int k = 0; rc == ERR_OK && more && http_pending(c->net) + c->nready < c->window && k < 10000; k++)
        rc = plan_next(c, &more, e);
    c->planned_all = !more;
    double now = now_mono();
    bool due = c->nready || c->ndone >= 2000 || (c->ndone && now - c->flushed > 0.5);
    /* while much is under way, requests are noted together: each transaction waits for the disk */
    if (c->nready && http_pending(c->net) > c->window / 2 && now - c->flushed < 0.05) due = false;
    if (rc == ERR_OK && due) rc = flush(c, e);
    if (rc == ERR_OK) rc = http_turn(c->net, 0, e);
    if (rc == ERR_OK && c->planned_all && !c->nready && !http_pending(c->net)) rc = end_pass(c, e);
    return rc;
}

static double crawl_due(const struct crawl *c) {
    if (c->state == CRAWL_DONE) return 1;
    double left = c->resume_at - now_mono();
    if (c->state == CRAWL_PAUSE) return left > 0 ? left : 0;
    if (c->nready) return http_pending(c->net) ? 0.02 : 0;
    if (!c->planned_all && http_pending(c->net) < c->window) return 0;
    return http_due(c->net);
}

static void wait_for_any(struct crawl *const *c, size_t n) {
    struct pollfd *f = mem_alloc(n * sizeof *f);
    double least = 0.25;
    nfds_t k = 0;
    for (size_t i = 0; i < n; i++) {
        if (c[i]->rc || c[i]->state == CRAWL_DONE) continue;
        double due = crawl_due(c[i]);
        if (due < least) least = due;
        f[k++] = (struct pollfd){.fd = http_fd(c[i]->net), .events = POLLIN};
    }
    if (least > 0) poll(f, k, (int)(least * 1000) + 1);
    free(f);
}

/* Until each is done or has failed (rc of its own). */
static void drive(struct crawl *const *c, size_t n) {
    for (bool going = true; going;) {
        going = false;
        for (size_t i = 0; i < n; i++) {
            struct crawl *x = c[i];
            if (x->rc || x->state == CRAWL_DONE) continue;
            x->rc = stop_check(&x->e);
            if (x->rc == ERR_OK && stop_signal())
                x->rc = err_set(&x->e, ERR_STOPPED, "stopped by signal %d; what came is kept", stop_signal());
            if (x->rc == ERR_OK) x->rc = crawl_turn(x, &x->e);
            if (x->rc) {
                struct err mine;
                while (x->ready) { /* never sent */
                    struct visit *v = x->ready;
                    x->ready = v->next;
                    visit_free(v);
                }
                x->ready_end = &x->ready;
                x->nready = 0;
                flush(x, &mine);
            }
            going = going || (!x->rc && x->state != CRAWL_DONE);
        }
        if (going) wait_for_any(c, n);
    }
}

/* ---- what came of it --------------------------------------------------------------------------------------------- */

struct reasons {
    const char *name[64];
    size_t count[64], n;
};

static void count_reason(struct reasons *r, const char *name) {
    for (size_t i = 0; i < r->n; i++)
        if (strcmp(r->name[i], name) == 0) {
            r->count[i]++;
            return;
        }
    if (r->n == 64) return;
    r->name[r->n] = name;
    r->count[r->n++] = 1;
}

static void put_failed(struct buf *out, const struct journal_head *h) {
    buf_str(out, "{\"url\":");
    json_text_quote(out, h->url ? h->url : "");
    buf_str(out, ",\"state\":\"FAILED\",\"reason\":");
    json_text_quote(out, h->reason ? h->reason : "");
    buf_fmt(out, ",\"http_status\":%ld,\"attempts\":%d}\n", h->status, h->attempts);
}

/* Entries that --urls asked for in this or an earlier run stand behind those of the plan. */
static void place_extra(struct crawl *c) {
    for (size_t i = 0; i < c->j.n; i++)
        if (c->j.e[i].extra && c->j.e[i].pass != c->pass && c->j.e[i].state != ENTRY_NONE)
            crawl_place(c, c->h->nrequests - 1, UINT32_MAX, UINT32_MAX, i);
}

/* Links and other items of a phase that only feeds others, which lacked what they need: the lines that are texts. */
static int put_skipped(struct crawl *c, size_t entry, struct buf *room, struct buf *out, struct err *e) {
    room->n = 0;
    int rc = journal_payload(&c->j, entry, room, e);
    for (const char *p = room->p, *end = room->p + room->n; rc == ERR_OK && p < end;) {
        const char *nl = memchr(p, '\n', (size_t)(end - p));
        if (*p == '"') {
            buf_str(out, "{\"state\":\"SKIPPED\",\"reason\":");
            buf_add(out, p, (size_t)((nl ? nl : end) - p));
            buf_str(out, "}\n");
            c->t.skipped++;
        }
        p = nl ? nl + 1 : end;
    }
    return rc;
}

static int count_all(struct crawl *c, struct reasons *r, struct buf *failed, struct err *e) {
    int rc = ERR_OK;
    struct tally *t = &c->t;
    struct buf room = {0};
    place_extra(c);
    for (size_t k = 0; k < c->h->nrequests && rc == ERR_OK; k++) {
        const struct phase *f = &c->phases[k];
        crawl_order(c, k);
        for (size_t i = 0; i < f->n && rc == ERR_OK; i++) {
            const struct entry *x = &c->j.e[f->order[i].entry];
            t->planned += x->state != ENTRY_NONE;
            t->success += x->state == ENTRY_SUCCESS;
            t->empty += x->state == ENTRY_EMPTY;
            if (x->state == ENTRY_SUCCESS && !f->r->collect && x->bytes)
                rc = put_skipped(c, f->order[i].entry, &room, failed, e);
            if (x->state != ENTRY_FAILED) continue;
            t->failed++;
            struct journal_head h;
            struct arena a = {0};
            rc = journal_head(&c->j, f->order[i].entry, &a, &h, e);
            if (rc == ERR_OK) {
                count_reason(r, arena_str(&c->a, h.reason ? h.reason : "?"));
                put_failed(failed, &h);
            }
            arena_free(&a);
        }
    }
    buf_free(&room);
    return rc;
}

static void tell(struct crawl *c, const struct reasons *r, char *note, size_t n) {
    double seconds = now_mono() - c->started;
    struct buf b = {0};
    const struct tally *t = &c->t;
    buf_fmt(&b, "%s: %llu URLs, %llu succeeded, %llu empty, %llu failed", c->d->name, (unsigned long long)t->planned,
            (unsigned long long)t->success, (unsigned long long)t->empty, (unsigned long long)t->failed);
    for (size_t i = 0; i < r->n; i++) buf_fmt(&b, "%s%s %zu", i ? ", " : " (", r->name[i], r->count[i]);
    if (r->n) buf_chr(&b, ')');
    if (t->skipped) buf_fmt(&b, ", %llu links skipped", (unsigned long long)t->skipped);
    snprintf(note, n, "%s", buf_text(&b));
    buf_fmt(&b, "; %llu requests, %.1f MB in %.1f s, %.1f requests/s", (unsigned long long)t->sent,
            (double)t->bytes / 1e6, seconds, seconds > 0 ? (double)t->sent / seconds : 0);
    log_info("%s", buf_text(&b));
    buf_free(&b);
}

/* failed.jsonl, the summary, and whether too much failed. */
static int settle(struct crawl *c, struct collect_stats *st, struct err *e) {
    struct reasons r = {0};
    struct buf failed = {0};
    char *path = arena_fmt(&c->a, "%s/failed.jsonl", c->dir);
    int rc = count_all(c, &r, &failed, e);
    const struct tally *t = &c->t;
    if (rc == ERR_OK && c->durable) {
        if (failed.n)
            rc = file_publish(path, failed.p, failed.n, e);
        else
            unlink(path);
    }
    buf_free(&failed);
    if (rc) return rc;
    tell(c, &r, st->note, sizeof st->note);
    snprintf(st->inputs_json, sizeof st->inputs_json,
             "[{\"http\":\"%s\",\"urls\":%llu,\"succeeded\":%llu,\"empty\":%llu,\"failed\":%llu}]", c->d->name,
             (unsigned long long)t->planned, (unsigned long long)t->success, (unsigned long long)t->empty,
             (unsigned long long)t->failed);
    double percent = t->planned ? (double)t->failed * 100 / (double)t->planned : 0;
    if (t->failed && (percent > c->h->max_failed || t->failed == t->planned))
        rc = err_set(
            e, ERR_NET,
            "%s: that is more than \"max_failed\" allows (%.4g %%). What came is kept; the next run asks for the "
            "rest (etl status -p %s %s --failed lists it)",
            st->note, c->h->max_failed, c->p->name, c->date);
    return rc;
}

static uint64_t count_lines(const struct buf *b) {
    uint64_t n = 0;
    for (const char *p = b->p, *end = b->p + b->n; p < end && (p = memchr(p, '\n', (size_t)(end - p))); p++) n++;
    return n;
}

static int assemble(struct crawl *c, web_write_fn *write, void *ctx, struct collect_stats *st, struct err *e) {
    struct buf b = {0};
    int rc = ERR_OK;
    for (size_t k = 0; k < c->h->nrequests && rc == ERR_OK; k++) {
        const struct phase *f = &c->phases[k];
        if (!f->r->collect) continue;
        for (size_t i = 0; i < f->n && rc == ERR_OK; i++) {
            size_t entry = f->order[i].entry;
            if (c->j.e[entry].state == ENTRY_NONE || !c->j.e[entry].bytes) continue;
            b.n = 0;
            rc = journal_payload(&c->j, entry, &b, e);
            if (rc) break;
            uint64_t rows = count_lines(&b);
            st->rows += rows;
            st->bytes += b.n;
            rc = write(ctx, b.p, b.n, rows, e);
        }
    }
    buf_free(&b);
    return rc;
}

int web_collect(const struct pipeline *p, const struct pl_dataset *d, day_t day, const struct collect_opt *o,
                web_write_fn *write, void *ctx, struct collect_stats *st, struct err *e) {
    struct crawl c;
    progress_unit("URLs");
    int rc = crawl_open(&c, p, d, day, o, e);
    if (rc == ERR_OK) {
        struct crawl *one = &c;
        drive(&one, 1);
        rc = c.rc;
        if (rc) *e = c.e;
    }
    if (rc == ERR_OK) rc = settle(&c, st, e);
    if (rc == ERR_OK) rc = assemble(&c, write, ctx, st, e);
    crawl_close(&c);
    return rc;
}

void web_fetch_all(const struct pipeline *p, struct web_fetch *f, size_t n, day_t day, const struct collect_opt *o) {
    struct crawl *c = mem_alloc((n + 1) * sizeof *c), **going = mem_alloc((n + 1) * sizeof *going);
    size_t k = 0;
    progress_unit("URLs");
    for (size_t i = 0; i < n; i++) {
        c[i].rc = crawl_open(&c[i], p, f[i].d, day, o, &f[i].e);
        f[i].rc = c[i].rc;
        if (!c[i].rc) going[k++] = &c[i];
    }
    drive(going, k);
    for (size_t i = 0; i < n; i++) {
        if (c[i].rc && !f[i].rc) {
            f[i].rc = c[i].rc;
            f[i].e = c[i].e;
        }
        crawl_close(&c[i]);
    }
    free(c);
    free(going);
}

/* ---- for the plan of a run --------------------------------------------------------------------------------------- */

static bool has_failed(const struct pipeline *p, const struct pl_dataset *d, const char *home, day_t day) {
    struct arena a = {0};
    struct buf b = {0};
    struct err e;
    char *path = arena_fmt(&a, "%s/failed.jsonl", part_dir(&a, home, p->name, "requests", d->name, NULL, day));
    bool yes = d->source.kind == SOURCE_HTTP && file_exists(path) &&
               file_read(path, (size_t)1 << 30, &b, &e) == ERR_OK && memmem(buf_text(&b), b.n, "\"FAILED\"", 8);
    buf_free(&b);
    arena_free(&a);
    return yes;
}

const char *web_wants(const struct pipeline *p, const struct pl_dataset *d, day_t day, const struct collect_opt *o) {
    if (d->source.kind != SOURCE_HTTP || !o->home) return NULL;
    if (o->urls) return "asked for (--urls)";
    return o->retry_failed && has_failed(p, d, o->home, day) ? "requests of it failed (--retry-failed)" : NULL;
}

bool web_has_failed(const struct pipeline *p, const char *home, day_t day) {
    for (size_t i = 0; i < p->ndatasets; i++)
        if (has_failed(p, &p->datasets[i], home, day)) return true;
    return false;
}

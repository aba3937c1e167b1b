/* A crawl is opened and closed here: settings and secrets, the journal, the HTTP engine, the ledger. */
#include <unistd.h>

#include "base/log.h"
#include "collect/web_impl.h"
#include "io/file.h"
#include "io/part.h"

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

/* Half-written answers of a crawl that was killed; they lie up to as many directories deep as a partition has. */
static void sweep_answers(const char *dir, int depth) {
    char **names;
    size_t n;
    struct err e;
    struct arena a = {0};
    if (dir_sweep(dir, &e) == ERR_OK && depth && dir_list(dir, &a, &names, &n, &e) == ERR_OK)
        for (size_t i = 0; i < n; i++)
            if (!strchr(names[i], '.')) sweep_answers(arena_fmt(&a, "%s/%s", dir, names[i]), depth - 1);
    arena_free(&a);
}

static int open_journal(struct crawl *c, struct err *e) {
    char *path = arena_fmt(&c->a, "%s/journal", c->dir), *old = arena_fmt(&c->a, "%s.old", path);
    const char *run = c->o->run_id ? c->o->run_id : "";
    int rc = dir_make(c->dir, e);
    if (rc == ERR_OK && c->durable) rc = dir_sweep(c->dir, e);
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

int crawl_open(struct crawl *c, const struct pipeline *p, const struct pl_dataset *d, day_t day,
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
    if (rc == ERR_OK) rc = requests_pending(&c->rows, keep_left, c, e);
    if (c->interrupted && c->h->keep_answers) sweep_answers(c->answers, 8);
    if (rc == ERR_OK) rc = keep_open(c, e);
    return rc;
}

void crawl_close(struct crawl *c) {
    struct err e;
    if (!c->opened) return;
    keep_close(c);
    http_free(c->net);
    while (c->live) visit_free(c->live);
    for (struct visit *v = c->ready, *next; v; v = next) {
        next = v->next;
        visit_free(v);
    }
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

/* When which request is sent: hosts and their queues, pauses, retries, redirects, budgets. See http.h. */
#include "net/http.h"

#include <ctype.h>
#include <unistd.h>

#include "base/day.h"
#include "base/hash.h"
#include "base/log.h"
#include "net/http_impl.h"

static const char *const names[HTTP_REASONS] = {
    "ok",           "timeout",   "dns",           "refused",     "reset",     "tls",        "bad_answer",
    "truncated",    "too_large", "redirects",     "not_allowed", "not_found", "http_error", "throttled",
    "server_error", "robots",    "host_given_up", "budget",      "bad_url",
};

const char *http_reason_name(enum http_reason r) {
    return names[r];
}

bool http_origin(const char *url, char *out, size_t n) {
    char *scheme = NULL, *host = NULL, *port = NULL;
    CURLU *u = curl_url();
    bool ok = u && curl_url_set(u, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK &&
              curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
              (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0) &&
              curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
              curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK &&
              strlen(host) + strlen(port) + 16 < n;
    if (ok) {
        snprintf(out, n, "%s://%s:%s", scheme, host, port);
        for (char *p = out; *p; p++) *p = (char)tolower((unsigned char)*p);
    }
    curl_free(scheme);
    curl_free(host);
    curl_free(port);
    curl_url_cleanup(u);
    return ok;
}

static struct curl_slist *slist_of(struct strs a, struct strs b) {
    struct curl_slist *l = NULL;
    for (size_t i = 0; i < a.n; i++) l = curl_slist_append(l, a.s[i]);
    for (size_t i = 0; i < b.n; i++) l = curl_slist_append(l, b.s[i]);
    return l;
}

int http_new(struct http **out, const struct http_cfg *cfg, struct err *e) {
    struct http *h = mem_alloc(sizeof *h);
    h->cfg = *cfg;
    if (!h->cfg.max_held) h->cfg.max_held = (size_t)256 << 20;
    h->epoll = -1;
    h->started = now_mono();
    h->headers = slist_of(cfg->headers, (struct strs){0});
    h->headers_auth = slist_of(cfg->headers, cfg->auth);
    rng_seed(&h->rng, (uint64_t)(h->started * 1e6) ^ (uint64_t)getpid());
    int rc = transfer_setup(h, e);
    if (rc)
        http_free(h);
    else
        *out = h;
    return rc;
}

/* ---- jobs and hosts ---------------------------------------------------------------------------------------------- */

void job_free(struct job *j) {
    free(j->url);
    free(j->asked);
    free(j->body);
    for (size_t i = 0; i < j->headers.n; i++) free((void *)(uintptr_t)j->headers.s[i]);
    free(j->headers.s);
    free(j);
}

void http_free(struct http *h) {
    if (!h) return;
    if (h->multi) transfer_teardown(h);
    for (size_t i = 0; i < HOST_CHAINS; i++)
        for (struct host *x = h->hosts[i], *next; x; x = next) {
            next = x->next;
            for (struct job *j = x->first, *after; j; j = after) {
                after = j->next;
                job_free(j);
            }
            robots_free(x->robots);
            free(x->origin);
            free(x);
        }
    for (size_t i = 0; i < h->nwait; i++) job_free(h->wait[i]);
    free(h->wait);
    curl_slist_free_all(h->headers);
    curl_slist_free_all(h->headers_auth);
    free(h);
}

static bool same_origin(const char *a, const char *b) {
    char x[300];
    return http_origin(b, x, sizeof x) && strcmp(a, x) == 0;
}

/* "http://[::1]:80" */
static void look_at_name(struct host *x) {
    char name[300];
    const char *from = strstr(x->origin, "://") + 3, *colon = strrchr(from, ':');
    snprintf(name, sizeof name, "%.*s", (int)(colon - from), from);
    x->proxy = proxy_of(strncmp(x->origin, "https", 5) == 0, name);
    x->inside = host_is_inside(name);
}

static struct host *find_host(struct http *h, const char *url) {
    char origin[300];
    uint64_t d[2];
    if (!http_origin(url, origin, sizeof origin)) return NULL;
    siphash128(origin, strlen(origin), d);
    struct host **chain = &h->hosts[d[0] % HOST_CHAINS];
    for (struct host *x = *chain; x; x = x->next)
        if (strcmp(x->origin, origin) == 0) return x;
    struct host *x = mem_alloc(sizeof *x);
    x->origin = mem_str(origin);
    x->delay = h->cfg.rate > 0 ? 1 / h->cfg.rate : 0;
    for (size_t i = 0; i < h->cfg.trusted.n; i++) x->trusted = x->trusted || same_origin(origin, h->cfg.trusted.s[i]);
    look_at_name(x);
    x->next = *chain;
    *chain = x;
    return x;
}

static struct host *host_of(struct http *h, const char *url) {
    if (h->last_n && strncmp(url, h->last_text, h->last_n) == 0) return h->last;
    const char *slashes = strstr(url, "://"), *path = slashes ? strchr(slashes + 3, '/') : NULL;
    struct host *x = find_host(h, url);
    h->last = x;
    h->last_n = x && path && (size_t)(path - url) + 1 < sizeof h->last_text ? (size_t)(path - url) + 1 : 0;
    memcpy(h->last_text, url, h->last_n);
    return x;
}

static void mark_busy(struct http *h, struct host *x) {
    if (x->busy) return;
    x->busy = true;
    x->next_busy = h->busy;
    h->busy = x;
}

static void enqueue(struct http *h, struct job *j, bool front) {
    struct host *x = j->host;
    if (front) {
        j->next = x->first;
        x->first = j;
        if (!x->last) x->last = j;
    } else {
        j->next = NULL;
        if (x->last)
            x->last->next = j;
        else
            x->first = j;
        x->last = j;
    }
    mark_busy(h, x);
}

static struct job *dequeue(struct host *x) {
    struct job *j = x->first;
    x->first = j->next;
    if (!x->first) x->last = NULL;
    j->next = NULL;
    return j;
}

static void swap(struct job **a, struct job **b) {
    struct job *t = *a;
    *a = *b;
    *b = t;
}

static void wait_until(struct http *h, struct job *j, double due) {
    if (h->nwait == h->capwait)
        h->wait = mem_grow(h->wait, (h->capwait = h->capwait ? h->capwait * 2 : 64) * sizeof(struct job *));
    size_t i = h->nwait++;
    j->due = due;
    h->wait[i] = j;
    for (; i && h->wait[(i - 1) / 2]->due > h->wait[i]->due; i = (i - 1) / 2) swap(&h->wait[i], &h->wait[(i - 1) / 2]);
}

static struct job *take_due(struct http *h) {
    struct job *j = h->wait[0];
    h->wait[0] = h->wait[--h->nwait];
    for (size_t i = 0;;) {
        size_t l = 2 * i + 1, least = i;
        if (l < h->nwait && h->wait[l]->due < h->wait[least]->due) least = l;
        if (l + 1 < h->nwait && h->wait[l + 1]->due < h->wait[least]->due) least = l + 1;
        if (least == i) return j;
        swap(&h->wait[i], &h->wait[least]);
        i = least;
    }
}

void http_add(struct http *h, const struct http_request *r) {
    struct job *j = mem_alloc(sizeof *j);
    j->url = mem_str(r->url);
    j->body = mem_str(r->body);
    j->tag = r->tag;
    if (r->headers.n) j->headers.s = mem_alloc(r->headers.n * sizeof(char *));
    for (size_t i = 0; i < r->headers.n; i++) j->headers.s[j->headers.n++] = mem_str(r->headers.s[i]);
    h->pending++;
    j->host = host_of(h, r->url);
    if (j->host)
        enqueue(h, j, false);
    else
        wait_until(h, j, 0); /* told at the next turn */
}

size_t http_pending(const struct http *h) {
    return h->pending;
}

/* ---- ends -------------------------------------------------------------------------------------------------------- */

/* The request is over, or tried again where done() asks so. Frees the job then. */
static int tell(struct http *h, struct job *j, struct http_answer *a, bool *again, struct err *e) {
    a->attempts = j->attempts;
    a->wire_bytes = j->wire;
    a->last = j->attempts >= h->cfg.attempts;
    if (!a->url) a->url = j->url;
    if (!a->detail) a->detail = "";
    *again = false;
    int rc = h->cfg.done(h->cfg.ctx, j->tag, a, again, e);
    if (a->reason != HTTP_OK || a->last) *again = false;
    if (*again && rc == ERR_OK) return rc;
    h->pending--;
    job_free(j);
    return rc;
}

static int fail(struct http *h, struct job *j, enum http_reason why, const char *detail, struct err *e) {
    struct http_answer a = {.reason = why, .detail = detail};
    bool again;
    return tell(h, j, &a, &again, e);
}

/* All that waits for the host. */
static int fail_host(struct http *h, struct host *x, enum http_reason why, const char *detail, struct err *e) {
    int rc = ERR_OK;
    while (x->first && rc == ERR_OK) rc = fail(h, dequeue(x), why, detail, e);
    return rc;
}

int http_give_up(struct http *h, enum http_reason why, const char *detail, struct err *e) {
    int rc = ERR_OK;
    while (h->nwait && rc == ERR_OK) rc = fail(h, take_due(h), why, detail, e);
    for (struct host *x = h->busy; x && rc == ERR_OK; x = x->next_busy) rc = fail_host(h, x, why, detail, e);
    return rc;
}

/* ---- what an answer means for the host --------------------------------------------------------------------------- */

static void note_latency(const struct http *h, struct host *x, double seconds, bool good) {
    if (h->cfg.rate <= 0) return;
    double least = 1 / h->cfg.rate, asked = robots_delay(x->robots);
    double want = (x->delay + seconds / h->cfg.per_host) / 2;
    if (asked > least) least = asked < 60 ? asked : 60;
    if (!good && want < x->delay) want = x->delay;
    x->delay = want < least ? least : want > 60 ? 60 : want;
}

static void note_health(struct http *h, struct host *x, const struct outcome *o) {
    bool bad = o->reason != HTTP_OK && o->reason != HTTP_THROTTLED && o->temporary;
    if (!bad) {
        x->failures = 0;
        x->probing = false;
        return;
    }
    x->failures++;
    if (x->failures < h->cfg.breaker_failures && !x->probing) return;
    x->failures = 0;
    x->probing = true;
    x->closed_until = now_mono() + h->cfg.breaker_pause;
    if (++x->openings > h->cfg.breaker_openings) x->given_up = true;
    log_warn("%s: too many failures in a row (%s); %s", x->origin, o->detail,
             x->given_up ? "given up" : "left alone for a while");
}

static double backoff(struct http *h, int attempts) {
    double most = h->cfg.backoff;
    for (int i = 1; i < attempts && most < h->cfg.backoff_max; i++) most *= 2;
    if (most > h->cfg.backoff_max) most = h->cfg.backoff_max;
    return most * (double)(rng_next(&h->rng) >> 11) * 0x1p-53;
}

static void try_again(struct http *h, struct job *j, const struct outcome *o) {
    double now = now_mono(), wait = backoff(h, j->attempts);
    if (o->retry_after > 0) {
        double most = h->cfg.backoff_max > 300 ? h->cfg.backoff_max : 300;
        wait = o->retry_after < most ? o->retry_after : most;
        if (j->host->closed_until < now + wait) j->host->closed_until = now + wait;
    }
    log_debug("%s: %s; again in %.1f s (attempt %d of %d)", j->host->origin, o->detail, wait, j->attempts + 1,
              h->cfg.attempts);
    wait_until(h, j, now + wait);
}

/* ---- redirects --------------------------------------------------------------------------------------------------- */

static bool is_redirect(long s) {
    return s == 301 || s == 302 || s == 303 || s == 307 || s == 308;
}

/* The next hop, or why there is none. */
static void redirect(struct http *h, struct job *j, struct transfer *t, struct outcome *o) {
    char *to = NULL;
    curl_easy_getinfo(t->c, CURLINFO_REDIRECT_URL, &to);
    struct host *x = to ? host_of(h, to) : NULL;
    o->reason = HTTP_REDIRECTS;
    o->temporary = false;
    if (!to) {
        snprintf(o->detail, sizeof o->detail, "HTTP %ld without a place to go", o->status);
    } else if (!x) {
        o->reason = HTTP_NOT_ALLOWED;
        snprintf(o->detail, sizeof o->detail, "a redirect to something else than http or https");
    } else if (j->hops >= h->cfg.max_redirects) {
        snprintf(o->detail, sizeof o->detail, "more than %d redirects", h->cfg.max_redirects);
    } else if (x != j->host && !h->cfg.other_hosts) {
        o->reason = HTTP_NOT_ALLOWED;
        snprintf(o->detail, sizeof o->detail, "a redirect to another host");
    } else {
        j->hops++;
        if (o->status != 307 && o->status != 308) {
            free(j->body);
            j->body = NULL;
        }
        if (j->asked)
            free(j->url);
        else
            j->asked = j->url;
        j->url = mem_str(to);
        j->host = x;
        o->reason = HTTP_OK;
    }
}

/* ---- robots ------------------------------------------------------------------------------------------------------ */

static void ask_robots(struct http *h, struct host *x) {
    struct job *j = mem_alloc(sizeof *j);
    size_t n = strlen(x->origin) + 16;
    j->url = mem_alloc(n);
    snprintf(j->url, n, "%s/robots.txt", x->origin);
    j->host = x;
    j->for_robots = true;
    x->robots_state = ROBOTS_ASKED;
    h->pending++;
    enqueue(h, j, true);
}

static void take_robots(struct host *x, const struct outcome *o, struct sv body) {
    x->robots_state = ROBOTS_KNOWN;
    if (o->reason == HTTP_OK)
        x->robots = robots_parse(body.p ? body.p : "", body.n, "etl");
    else if (o->status < 400 || o->status >= 500)
        x->robots_state = ROBOTS_CLOSED; /* it cannot be asked: nothing is allowed */
    if (robots_delay(x->robots) > x->delay) x->delay = robots_delay(x->robots) < 60 ? robots_delay(x->robots) : 60;
}

static bool robots_permit(const struct host *x, const struct job *j) {
    if (j->for_robots) return true;
    if (x->robots_state == ROBOTS_CLOSED) return false;
    const char *path = strchr(j->url + 8, '/');
    return robots_allows(x->robots, path ? path : "/");
}

/* ---- the course of things ---------------------------------------------------------------------------------------- */

static int deliver(struct http *h, struct transfer *t, struct job *j, const struct outcome *o, bool *again,
                   struct err *e) {
    char *type = NULL, *url = NULL;
    curl_easy_getinfo(t->c, CURLINFO_CONTENT_TYPE, &type);
    curl_easy_getinfo(t->c, CURLINFO_EFFECTIVE_URL, &url);
    struct http_answer a = {.reason = o->reason,
                            .status = o->status,
                            .detail = o->detail,
                            .content_type = type,
                            .url = url,
                            .next = t->next.n ? buf_text(&t->next) : NULL,
                            .seconds = now_mono() - t->started,
                            .temporary = o->temporary};
    if (o->reason == HTTP_OK) a.body = (struct sv){buf_text(&t->body), t->body.n};
    return tell(h, j, &a, again, e);
}

static void account(struct http *h, struct transfer *t, struct job *j) {
    curl_off_t down = 0;
    long head = 0;
    curl_easy_getinfo(t->c, CURLINFO_SIZE_DOWNLOAD_T, &down);
    curl_easy_getinfo(t->c, CURLINFO_HEADER_SIZE, &head);
    j->wire += (uint64_t)down + (uint64_t)head;
    h->bytes += (uint64_t)down + (uint64_t)head;
}

int http_ended(struct http *h, struct transfer *t, CURLcode code, struct err *e) {
    struct job *j = t->job;
    struct host *x = j->host;
    struct outcome o;
    bool again = false;
    int rc = ERR_OK;
    transfer_outcome(t, code, &o);
    account(h, t, j);
    x->active--;
    note_latency(h, x, now_mono() - t->started, o.reason == HTTP_OK);
    note_health(h, x, &o);
    if (code == CURLE_OK && is_redirect(o.status)) {
        redirect(h, j, t, &o);
        if (o.reason == HTTP_OK) {
            transfer_drop(h, t);
            if (j->for_robots) j->host = x;
            enqueue(h, j, true);
            return ERR_OK;
        }
    }
    if (j->for_robots) {
        take_robots(x, &o, (struct sv){buf_text(&t->body), t->body.n});
        h->pending--;
        job_free(j);
    } else if (o.reason != HTTP_OK && o.temporary && j->attempts < h->cfg.attempts && !x->given_up) {
        try_again(h, j, &o);
    } else {
        rc = deliver(h, t, j, &o, &again, e);
        if (again) {
            snprintf(o.detail, sizeof o.detail, "the answer asks for another try");
            try_again(h, j, &o);
        }
    }
    transfer_drop(h, t);
    if (rc == ERR_OK && x->given_up) rc = fail_host(h, x, HTTP_HOST_GIVEN_UP, "the host failed too often", e);
    if (x->first) mark_busy(h, x);
    return rc;
}

static bool over_budget(const struct http *h, const char **what) {
    const struct http_cfg *f = &h->cfg;
    *what = f->budget_requests && h->requests >= (uint64_t)f->budget_requests
                ? "the run's budget of requests is used up"
            : f->budget_bytes && h->bytes >= (uint64_t)f->budget_bytes        ? "the run's budget of bytes is used up"
            : f->budget_time > 0 && now_mono() - h->started >= f->budget_time ? "the run's budget of time is used up"
                                                                              : NULL;
    return *what != NULL;
}

/* May the host be asked now? Else *at (if sooner) becomes the time to look again. */
static bool may_start(const struct http *h, const struct host *x, double now, double *at) {
    double when = x->next_at > x->closed_until ? x->next_at : x->closed_until;
    if (x->active >= (x->probing ? 1 : h->cfg.per_host)) return false;
    if (when <= now) return true;
    if (when < *at) *at = when;
    return false;
}

static int start_one(struct http *h, struct host *x, double now, struct err *e) {
    const char *what;
    if (h->cfg.robots && x->robots_state == ROBOTS_UNKNOWN) ask_robots(h, x);
    struct job *j = dequeue(x);
    if (x->given_up) return fail(h, j, HTTP_HOST_GIVEN_UP, "the host failed too often", e);
    if (over_budget(h, &what)) return fail(h, j, HTTP_BUDGET, what, e);
    if (h->cfg.robots && !robots_permit(x, j))
        return fail(h, j, HTTP_ROBOTS,
                    x->robots_state == ROBOTS_CLOSED ? "its robots.txt cannot be had" : "its robots.txt forbids it", e);
    if (!j->hops) j->attempts++;
    if (x->inside && !x->trusted && !h->cfg.private_addresses)
        return fail(h, j, HTTP_NOT_ALLOWED, PRIVATE_ADDRESS, e);
    j->began = now;
    h->requests++;
    x->active++;
    x->next_at = now + x->delay;
    if (transfer_start(h, j)) return ERR_OK;
    x->active--;
    return fail(h, j, HTTP_BAD_URL, "the URL cannot be used", e);
}

/* Start whatever may be started; *at: when to look again. */
static int start_all(struct http *h, double *at, struct err *e) {
    int rc = ERR_OK;
    bool some = true;
    for (struct host **p = &h->busy; *p;) { /* out with those that have nothing to do */
        struct host *x = *p;
        if (x->first) {
            p = &x->next_busy;
            continue;
        }
        *p = x->next_busy;
        x->busy = false;
    }
    while (some && rc == ERR_OK) { /* one of each host in turn, so that none is served last */
        some = false;
        for (struct host *x = h->busy; x && rc == ERR_OK; x = x->next_busy) {
            double now = now_mono();
            if (h->nactive >= (size_t)h->cfg.concurrency) return rc;
            if (!x->first || (x->robots_state == ROBOTS_ASKED && !x->first->for_robots)) continue;
            if (!x->given_up && !may_start(h, x, now, at)) continue;
            rc = start_one(h, x, now, e);
            some = true;
        }
    }
    return rc;
}

int http_turn(struct http *h, double seconds, struct err *e) {
    double now = now_mono(), at = now + seconds;
    int rc = ERR_OK;
    while (rc == ERR_OK && h->nwait && h->wait[0]->due <= now) {
        struct job *j = take_due(h);
        if (j->host && j->asked) { /* from the beginning */
            free(j->url);
            j->url = j->asked;
            j->asked = NULL;
            j->host = host_of(h, j->url);
        }
        if (j->host) {
            j->hops = 0;
            enqueue(h, j, false);
        } else {
            rc = fail(h, j, HTTP_BAD_URL, "only http and https can be asked", e);
        }
    }
    if (rc == ERR_OK) rc = start_all(h, &at, e);
    if (rc || !h->pending) return rc;
    if (h->nwait && h->wait[0]->due < at) at = h->wait[0]->due;
    now = now_mono();
    rc = transfer_turn(h, at > now ? at - now : 0, e);
    h->look_at = now_mono() + 1;
    if (rc == ERR_OK) rc = start_all(h, &h->look_at, e);
    if (h->nwait && h->wait[0]->due < h->look_at) h->look_at = h->wait[0]->due;
    return rc;
}

int http_fd(const struct http *h) {
    return h->epoll;
}

double http_due(const struct http *h) {
    double now = now_mono(), at = h->look_at;
    if (!h->pending) return 1;
    if (h->nactive && now + 0.1 < at) at = now + 0.1;
    if (h->curl_due && h->curl_due < at) at = h->curl_due;
    return at > now ? at - now : 0;
}

/* When which request is sent: redirects, robots.txt, budgets, and what becomes of an answer. See http.h. */
#include "net/http.h"

#include <unistd.h>

#include "base/day.h"
#include "base/log.h"
#include "net/http_impl.h"
#include "net/post.h"

static const char *const names[HTTP_REASONS] = {
    "ok",           "timeout",   "dns",           "refused",     "reset",     "tls",        "bad_answer",
    "truncated",    "too_large", "redirects",     "not_allowed", "not_found", "http_error", "throttled",
    "server_error", "robots",    "host_given_up", "budget",      "bad_url",
};

const char *http_reason_name(enum http_reason r) {
    return names[r];
}

static struct curl_slist *slist_of(struct strs a, struct strs b) {
    struct curl_slist *l = NULL;
    for (size_t i = 0; i < a.n; i++) l = curl_slist_append(l, a.s[i]);
    for (size_t i = 0; i < b.n; i++) l = curl_slist_append(l, b.s[i]);
    return l;
}

int http_new(struct http **out, const struct http_cfg *cfg, struct err *e) {
    net_start();
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

void http_add(struct http *h, const struct http_request *r) {
    struct job *j = mem_alloc(sizeof *j);
    j->url = mem_str(r->url);
    j->body = mem_str(r->body);
    j->tag = r->tag;
    if (r->headers.n) j->headers.s = mem_alloc(r->headers.n * sizeof(char *));
    for (size_t i = 0; i < r->headers.n; i++) j->headers.s[j->headers.n++] = mem_str(r->headers.s[i]);
    h->pending++;
    j->host = host_find(h, r->url);
    if (j->host)
        host_enqueue(h, j, false);
    else
        job_wait(h, j, 0); /* told at the next turn */
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
    if (j->host && j->for_robots) { /* nobody waits for it but its host, whose pages are then told one by one */
        j->host->robots_state = ROBOTS_CLOSED;
        h->pending--;
        job_free(j);
        return ERR_OK;
    }
    struct http_answer a = {.reason = why, .detail = detail};
    bool again;
    return tell(h, j, &a, &again, e);
}

/* All that waits for the host. */
static int fail_host(struct http *h, struct host *x, enum http_reason why, const char *detail, struct err *e) {
    int rc = ERR_OK;
    while (x->first && rc == ERR_OK) rc = fail(h, host_dequeue(x), why, detail, e);
    return rc;
}

int http_give_up(struct http *h, enum http_reason why, const char *detail, struct err *e) {
    int rc = ERR_OK;
    while (h->nwait && rc == ERR_OK) rc = fail(h, job_due(h), why, detail, e);
    for (struct host *x = h->busy; x && rc == ERR_OK; x = x->next_busy) rc = fail_host(h, x, why, detail, e);
    return rc;
}

/* ---- redirects --------------------------------------------------------------------------------------------------- */

static bool is_redirect(long s) {
    return s == 301 || s == 302 || s == 303 || s == 307 || s == 308;
}

/* The next hop, or why there is none. */
static void redirect(struct http *h, struct job *j, struct transfer *t, struct outcome *o) {
    char *to = NULL;
    curl_easy_getinfo(t->c, CURLINFO_REDIRECT_URL, &to);
    struct host *x = to ? host_find(h, to) : NULL;
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
    host_enqueue(h, j, true);
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
    host_latency(h, x, now_mono() - t->started, o.reason == HTTP_OK);
    host_health(h, x, &o);
    if (code == CURLE_OK && is_redirect(o.status)) {
        redirect(h, j, t, &o);
        if (o.reason == HTTP_OK) {
            transfer_drop(h, t);
            if (!j->for_robots) {
                host_enqueue(h, j, true);
                return ERR_OK;
            }
            /* for the host that was asked, whoever answers; but what is inside answers nobody from outside */
            const struct host *to = j->host;
            bool inside = to->inside && !to->trusted && !h->cfg.private_addresses;
            j->host = x;
            if (!inside) {
                host_enqueue(h, j, true);
                return ERR_OK;
            }
            rc = fail(h, j, HTTP_NOT_ALLOWED, PRIVATE_ADDRESS, e);
            if (x->first) host_busy(h, x);
            return rc;
        }
    }
    if (j->for_robots) {
        take_robots(x, &o, (struct sv){buf_text(&t->body), t->body.n});
        h->pending--;
        job_free(j);
    } else if (o.reason != HTTP_OK && o.temporary && j->attempts < h->cfg.attempts && !x->given_up) {
        job_again(h, j, &o);
    } else {
        rc = deliver(h, t, j, &o, &again, e);
        if (again) {
            snprintf(o.detail, sizeof o.detail, "the answer asks for another try");
            job_again(h, j, &o);
        }
    }
    transfer_drop(h, t);
    if (rc == ERR_OK && x->given_up) rc = fail_host(h, x, HTTP_HOST_GIVEN_UP, "the host failed too often", e);
    if (x->first) host_busy(h, x);
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
    bool inside = x->inside && !x->trusted && !h->cfg.private_addresses; /* it is not even asked what it permits */
    if (h->cfg.robots && x->robots_state == ROBOTS_UNKNOWN && !inside) ask_robots(h, x);
    struct job *j = host_dequeue(x);
    if (x->given_up) return fail(h, j, HTTP_HOST_GIVEN_UP, "the host failed too often", e);
    if (over_budget(h, &what)) return fail(h, j, HTTP_BUDGET, what, e);
    if (inside) {
        if (!j->hops) j->attempts++;
        return fail(h, j, HTTP_NOT_ALLOWED, PRIVATE_ADDRESS, e);
    }
    if (h->cfg.robots && !robots_permit(x, j))
        return fail(h, j, HTTP_ROBOTS,
                    x->robots_state == ROBOTS_CLOSED ? "its robots.txt cannot be had" : "its robots.txt forbids it", e);
    if (!j->hops) j->attempts++;
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
        struct job *j = job_due(h);
        if (j->host && j->asked) { /* from the beginning */
            free(j->url);
            j->url = j->asked;
            j->asked = NULL;
            j->host = host_find(h, j->url);
        }
        if (j->host) {
            j->hops = 0;
            host_enqueue(h, j, false);
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

/* Hosts and the requests that wait: a queue for each host, one heap for those that wait for a time; how a host's
 * answers change the pace at which it is asked, and when a request is tried again. See http.h. */
#include <ctype.h>

#include "base/day.h"
#include "base/hash.h"
#include "base/log.h"
#include "net/http_impl.h"

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

void job_free(struct job *j) {
    free(j->url);
    free(j->asked);
    free(j->body);
    for (size_t i = 0; i < j->headers.n; i++) free((void *)(uintptr_t)j->headers.s[i]);
    free(j->headers.s);
    free(j);
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

struct host *host_find(struct http *h, const char *url) {
    if (h->last_n && strncmp(url, h->last_text, h->last_n) == 0) return h->last;
    const char *slashes = strstr(url, "://"), *path = slashes ? strchr(slashes + 3, '/') : NULL;
    struct host *x = find_host(h, url);
    h->last = x;
    h->last_n = x && path && (size_t)(path - url) + 1 < sizeof h->last_text ? (size_t)(path - url) + 1 : 0;
    memcpy(h->last_text, url, h->last_n);
    return x;
}

void host_busy(struct http *h, struct host *x) {
    if (x->busy) return;
    x->busy = true;
    x->next_busy = h->busy;
    h->busy = x;
}

void host_enqueue(struct http *h, struct job *j, bool front) {
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
    host_busy(h, x);
}

struct job *host_dequeue(struct host *x) {
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

void job_wait(struct http *h, struct job *j, double due) {
    if (h->nwait == h->capwait)
        h->wait = mem_grow(h->wait, (h->capwait = h->capwait ? h->capwait * 2 : 64) * sizeof(struct job *));
    size_t i = h->nwait++;
    j->due = due;
    h->wait[i] = j;
    for (; i && h->wait[(i - 1) / 2]->due > h->wait[i]->due; i = (i - 1) / 2) swap(&h->wait[i], &h->wait[(i - 1) / 2]);
}

struct job *job_due(struct http *h) {
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

/* ---- what an answer means for the host --------------------------------------------------------------------------- */

void host_latency(const struct http *h, struct host *x, double seconds, bool good) {
    if (h->cfg.rate <= 0) return;
    double least = 1 / h->cfg.rate, asked = robots_delay(x->robots);
    double want = (x->delay + seconds / h->cfg.per_host) / 2;
    if (asked > least) least = asked < 60 ? asked : 60;
    if (!good && want < x->delay) want = x->delay;
    x->delay = want < least ? least : want > 60 ? 60 : want;
}

void host_health(struct http *h, struct host *x, const struct outcome *o) {
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

void job_again(struct http *h, struct job *j, const struct outcome *o) {
    double now = now_mono(), wait = backoff(h, j->attempts);
    if (o->retry_after > 0) {
        double most = h->cfg.backoff_max > 300 ? h->cfg.backoff_max : 300;
        wait = o->retry_after < most ? o->retry_after : most;
        if (j->host->closed_until < now + wait) j->host->closed_until = now + wait;
    }
    log_debug("%s: %s; again in %.1f s (attempt %d of %d)", j->host->origin, o->detail, wait, j->attempts + 1,
              h->cfg.attempts);
    job_wait(h, j, now + wait);
}

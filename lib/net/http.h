/*
 * The HTTP engine: many requests at once on curl_multi and epoll, in one thread, with the manners of a good guest.
 *
 *     struct http *h;
 *     http_new(&h, &cfg, e);
 *     while (there is work) {
 *         while (http_room(h) && ...) http_add(h, &request, e);
 *         http_turn(h, 0.2, e);                       done() is called from here, once for each request
 *     }
 *     http_free(h);
 *
 * Each host has a queue of its own, a number of requests under way at once, and a least delay between them, which grows
 * with the latency seen: (delay + latency / per_host) / 2, never below 1 / rate, and answers other than 2xx never
 * shorten it. A rate of 0 is without delay.
 *
 * What may go better next time (network errors, 408, 425, 429, 5xx, and what done() asks for again) is tried again
 * after a pause chosen at random from 0 .. backoff * 2^(attempt - 1) (full jitter), or what Retry-After asks of all
 * requests to the host. After breaker_failures failures in a row the host is left alone for breaker_pause, then tried
 * with one request; after breaker_openings pauses what waits for it fails as host_given_up.
 *
 * Only http and https. TLS certificates are always checked. Redirects are followed here: at most max_redirects, to
 * other hosts only where allowed. Addresses that are private, loopback, link-local or otherwise not of the public
 * internet are refused when a connection is made (so that names which lead there are too), except for trusted origins.
 * Where the environment names a proxy (http_proxy, https_proxy, all_proxy, no_proxy), private addresses that are
 * written out and names of localhost are refused before it is asked; other names it resolves itself, and where those
 * lead is its business. Authentication goes to trusted origins only.
 */
#ifndef ETL_NET_HTTP_H
#define ETL_NET_HTTP_H

#include "base/err.h"
#include "base/mem.h"

enum http_reason {
    HTTP_OK,
    HTTP_TIMEOUT,
    HTTP_DNS,
    HTTP_REFUSED,
    HTTP_RESET,
    HTTP_TLS,
    HTTP_BAD_ANSWER,
    HTTP_TRUNCATED,
    HTTP_TOO_LARGE,
    HTTP_REDIRECTS,
    HTTP_NOT_ALLOWED,
    HTTP_NOT_FOUND,
    HTTP_ERROR,
    HTTP_THROTTLED,
    HTTP_SERVER_ERROR,
    HTTP_ROBOTS,
    HTTP_HOST_GIVEN_UP,
    HTTP_BUDGET,
    HTTP_BAD_URL,
    HTTP_REASONS
};
const char *http_reason_name(enum http_reason r); /* "ok", "timeout", "dns", ... as the ledger has it */

struct http_answer {
    enum http_reason reason;
    long status;                    /* 0: none came */
    const char *detail;             /* one line for people; no secret is in it that is not registered (base/log.h) */
    struct sv body;                 /* decompressed; of HTTP_OK only */
    const char *content_type, *url; /* NULL; the last URL after redirects */
    const char *next;               /* Link: <...>; rel=next, resolved; NULL */
    int attempts;
    uint64_t wire_bytes;
    double seconds;
    bool temporary; /* another try may help */
    bool last;      /* there is no attempt left */
};
/* tag is the request's. *again (of HTTP_OK, not of the last attempt): try once more. */
typedef int http_done_fn(void *ctx, void *tag, const struct http_answer *a, bool *again, struct err *e);

struct http_cfg {
    int concurrency, per_host;
    double rate;
    double connect, first_byte, stalled, whole; /* seconds */
    size_t max_bytes, max_held;                 /* of one answer; of all under way together, 0: 256 MiB */
    int max_redirects;
    bool other_hosts, private_addresses, robots, cookies;
    const char *user_agent;
    struct strs headers, auth; /* "Name: value" */
    const char *userpwd;       /* "user:password", NULL none */
    struct strs trusted;       /* origins "http://host:port" */
    int attempts;
    double backoff, backoff_max;
    int breaker_failures, breaker_openings;
    double breaker_pause;
    int64_t budget_requests, budget_bytes; /* 0 none */
    double budget_time;
    const char *ca_bundle; /* NULL: the machine's */
    http_done_fn *done;
    void *ctx;
};

struct http_request {
    const char *url, *body; /* body NULL: GET; copied */
    struct strs headers;    /* more of them; copied */
    void *tag;
};

struct http;
/* What cfg points to must live as long as h. */
int http_new(struct http **out, const struct http_cfg *cfg, struct err *e);
void http_free(struct http *h); /* what is under way is dropped without a word */
void http_add(struct http *h, const struct http_request *r);
size_t http_pending(const struct http *h); /* added and not done */
/* Work, for at most so many seconds. Fails only where done() does, or the machine. */
int http_turn(struct http *h, double seconds, struct err *e);
/* For waiting on several at once: readable when http_turn has something to do, which it has in http_due seconds anyway.
 */
int http_fd(const struct http *h);
double http_due(const struct http *h);
/* Let every request that waits fail with this reason. */
int http_give_up(struct http *h, enum http_reason why, const char *detail, struct err *e);

/* "http://host:port" of a URL, in lower case; false when it is no http(s) URL. */
bool http_origin(const char *url, char *out, size_t n);
struct sockaddr;
bool address_is_private(const struct sockaddr *a); /* IPv4 and IPv6; anything else is private */

/* robots.txt (RFC 9309). */
struct robots;
/* agent: the product token, "etl". */
struct robots *robots_parse(const char *text, size_t n, const char *agent);
bool robots_allows(const struct robots *r, const char *path); /* path with query; NULL r allows */
double robots_delay(const struct robots *r);                  /* Crawl-delay in seconds, 0 none */
void robots_free(struct robots *r);

#endif

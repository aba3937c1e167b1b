/* What the files of the HTTP engine share: http.c decides when, http_host.c knows whom, http_transfer.c does it.
 * Private to the room. */
#ifndef ETL_NET_HTTP_IMPL_H
#define ETL_NET_HTTP_IMPL_H

#include <curl/curl.h>

#include "base/rng.h"
#include "net/http.h"

enum robots_state { ROBOTS_UNKNOWN, ROBOTS_ASKED, ROBOTS_KNOWN, ROBOTS_CLOSED };

struct job {                  /* a request on its way */
    char *url, *body, *asked; /* asked: the URL before redirects, NULL there were none */
    struct strs headers;
    void *tag;
    struct host *host;
    struct job *next;
    int attempts, hops;
    double due, began;
    uint64_t wire;
    bool for_robots;
};

struct host {
    char *origin;
    struct host *next;      /* in its chain of the table */
    struct host *next_busy; /* among those with work */
    bool busy;
    struct job *first, *last;
    int active, failures, openings;
    double delay, next_at, closed_until;
    bool probing, given_up, trusted;
    const char *proxy; /* of the environment; NULL: it is asked directly */
    bool inside;       /* the name alone says that it is a private address */
    enum robots_state robots_state;
    struct robots *robots;
};

struct transfer { /* one curl handle at work, or waiting for some in the pool */
    struct http *h;
    struct job *job;
    CURL *c;
    struct curl_slist *headers;
    struct buf body, next;
    char error[CURL_ERROR_SIZE];
    double started, last; /* last: when something came; 0 nothing yet */
    bool too_large, too_much, refused;
    struct transfer *pool;  /* next in the pool */
    struct transfer **slot; /* place among the active */
};

#define PRIVATE_ADDRESS "it leads to a private address (\"private_addresses\": true allows it)"

#define HOST_CHAINS 4096
struct http {
    struct http_cfg cfg;
    CURLM *multi;
    CURLSH *share;
    struct curl_slist *headers, *headers_auth;
    int epoll;
    double curl_due; /* 0 none */
    struct host *hosts[HOST_CHAINS], *busy;
    struct host *last; /* looked up, and its URL up to the path, as written: the next one is mostly of the same */
    char last_text[200];
    size_t last_n;
    struct job **wait; /* heap by due */
    size_t nwait, capwait, pending, held;
    struct transfer **active, *pool;
    size_t nactive;
    uint64_t requests, bytes;
    double started, checked, look_at;
    struct rng rng;
    const char *ca;
};

/* http_transfer.c */
int transfer_setup(struct http *h, struct err *e);
void transfer_teardown(struct http *h);
bool transfer_start(struct http *h, struct job *j); /* false: the URL cannot be used */
void transfer_drop(struct http *h, struct transfer *t);
/* Let curl work for at most so many seconds; then http_ended is called for what ended. */
int transfer_turn(struct http *h, double seconds, struct err *e);
struct outcome {
    enum http_reason reason;
    bool temporary;
    long status;
    double retry_after;
    char detail[300];
};
void transfer_outcome(struct transfer *t, CURLcode rc, struct outcome *o);

/* proxy.c */
const char *proxy_of(bool https, const char *host); /* NULL: none, or the host is excepted */
bool host_is_inside(const char *host);              /* a private address written out, or a name of localhost */

/* http_host.c */
void job_free(struct job *j);
struct host *host_find(struct http *h, const char *url); /* made where it is new; NULL: no http(s) URL */
void host_busy(struct http *h, struct host *x);
void host_enqueue(struct http *h, struct job *j, bool front);
struct job *host_dequeue(struct host *x); /* there is one */
void job_wait(struct http *h, struct job *j, double due);
struct job *job_due(struct http *h); /* the one that is due first; there is one */
void job_again(struct http *h, struct job *j, const struct outcome *o);
void host_latency(const struct http *h, struct host *x, double seconds, bool good);
void host_health(struct http *h, struct host *x, const struct outcome *o);

/* http.c */
int http_ended(struct http *h, struct transfer *t, CURLcode rc, struct err *e);

#endif

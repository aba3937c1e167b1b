/* One request and its answer: what curl is told, what it tells. See http.h. */
#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/day.h"
#include "net/http_impl.h"
#include "net/post.h"

static size_t on_body(char *p, size_t size, size_t n, void *ctx) {
    struct transfer *t = ctx;
    n *= size;
    t->last = now_mono();
    if (t->body.n + n > t->h->cfg.max_bytes) {
        t->too_large = true;
        return 0;
    }
    if (t->h->held + n > t->h->cfg.max_held) {
        t->too_much = true;
        return 0;
    }
    t->h->held += n;
    buf_add(&t->body, p, n);
    return n;
}

/* Link: <https://...?page=2>; rel="next" */
static void take_link(struct transfer *t, struct sv v) {
    for (const char *p = v.p, *end = v.p + v.n; p < end;) {
        const char *open = memchr(p, '<', (size_t)(end - p));
        const char *close = open ? memchr(open, '>', (size_t)(end - open)) : NULL;
        if (!close) return;
        const char *stop = memchr(close, ',', (size_t)(end - close));
        size_t n = (size_t)((stop ? stop : end) - close);
        if (memmem(close, n, "rel=\"next\"", 10) || memmem(close, n, "rel=next", 8)) {
            t->next.n = 0;
            buf_add(&t->next, open + 1, (size_t)(close - open - 1));
            return;
        }
        p = stop ? stop + 1 : end;
    }
}

static size_t on_header(char *p, size_t size, size_t n, void *ctx) {
    struct transfer *t = ctx;
    n *= size;
    t->last = now_mono();
    if (n > 5 && strncasecmp(p, "link:", 5) == 0) take_link(t, (struct sv){p + 5, n - 5});
    return n;
}

static curl_socket_t on_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *a) {
    struct transfer *t = ctx;
    (void)purpose;
    if (!t->h->cfg.private_addresses && !t->job->host->trusted && !t->job->host->proxy &&
        address_is_private(&a->addr)) {
        t->refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

static int on_watch(CURL *c, curl_socket_t fd, int what, void *ctx, void *known) {
    struct http *h = ctx;
    (void)c;
    if (what == CURL_POLL_REMOVE) {
        epoll_ctl(h->epoll, EPOLL_CTL_DEL, fd, NULL);
        return 0;
    }
    struct epoll_event ev = {.data.fd = fd};
    if (what & CURL_POLL_IN) ev.events |= EPOLLIN;
    if (what & CURL_POLL_OUT) ev.events |= EPOLLOUT;
    if (epoll_ctl(h->epoll, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &ev) != 0)
        epoll_ctl(h->epoll, known ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &ev);
    curl_multi_assign(h->multi, fd, h);
    return 0;
}

static int on_timer(CURLM *m, long ms, void *ctx) {
    struct http *h = ctx;
    (void)m;
    h->curl_due = ms < 0 ? 0 : now_mono() + (double)ms / 1000 + 1e-9;
    return 0;
}

int transfer_setup(struct http *h, struct err *e) {
    h->epoll = epoll_create1(EPOLL_CLOEXEC);
    h->multi = curl_multi_init();
    if (h->epoll < 0 || !h->multi) return err_sys(e, ERR_NET, "cannot start the HTTP engine");
    curl_multi_setopt(h->multi, CURLMOPT_SOCKETFUNCTION, on_watch);
    curl_multi_setopt(h->multi, CURLMOPT_SOCKETDATA, h);
    curl_multi_setopt(h->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(h->multi, CURLMOPT_TIMERDATA, h);
    curl_multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, (long)h->cfg.concurrency);
    if (h->cfg.cookies && (h->share = curl_share_init()))
        curl_share_setopt(h->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_COOKIE);
    h->active = mem_alloc((size_t)h->cfg.concurrency * sizeof *h->active);
    h->ca = h->cfg.ca_bundle ? h->cfg.ca_bundle : net_ca_bundle();
    return ERR_OK;
}

static void set_limits(CURL *c, const struct http_cfg *f) {
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)(f->connect * 1000));
    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)(f->whole * 1000));
    curl_easy_setopt(c, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)f->max_bytes);
}

static struct transfer *make(struct http *h) {
    struct transfer *t = mem_alloc(sizeof *t);
    CURL *c = t->c = curl_easy_init();
    if (!c) mem_alloc(SIZE_MAX);
    t->h = h;
    curl_easy_setopt(c, CURLOPT_PRIVATE, t);
    curl_easy_setopt(c, CURLOPT_ERRORBUFFER, t->error);
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(c, CURLOPT_ACCEPT_ENCODING, "");
    curl_easy_setopt(c, CURLOPT_USERAGENT, h->cfg.user_agent);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(c, CURLOPT_HEADERDATA, t);
    curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, on_socket);
    curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, t);
    curl_easy_setopt(c, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(c, CURLOPT_NOPROXY, ""); /* proxy.c decides */
    if (h->ca) curl_easy_setopt(c, CURLOPT_CAINFO, h->ca);
    if (h->share) {
        curl_easy_setopt(c, CURLOPT_SHARE, h->share);
        curl_easy_setopt(c, CURLOPT_COOKIEFILE, "");
    }
    set_limits(c, &h->cfg);
    return t;
}

/* Host, headers and body of this very request. */
static void set_request(struct http *h, struct transfer *t, struct job *j) {
    bool auth = j->host->trusted && !j->for_robots;
    struct curl_slist *list = auth ? h->headers_auth : h->headers;
    if (j->headers.n && !j->for_robots) {
        struct curl_slist *mine = NULL;
        for (struct curl_slist *s = list; s; s = s->next) mine = curl_slist_append(mine, s->data);
        for (size_t i = 0; i < j->headers.n; i++) mine = curl_slist_append(mine, j->headers.s[i]);
        t->headers = list = mine;
    }
    curl_easy_setopt(t->c, CURLOPT_HTTPHEADER, list);
    curl_easy_setopt(t->c, CURLOPT_PROXY, j->host->proxy ? j->host->proxy : "");
    curl_easy_setopt(t->c, CURLOPT_USERPWD, auth ? h->cfg.userpwd : NULL);
    if (j->body) {
        curl_easy_setopt(t->c, CURLOPT_POST, 1L);
        curl_easy_setopt(t->c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(j->body));
        curl_easy_setopt(t->c, CURLOPT_POSTFIELDS, j->body);
    } else {
        curl_easy_setopt(t->c, CURLOPT_HTTPGET, 1L);
    }
}

bool transfer_start(struct http *h, struct job *j) {
    struct transfer *t = h->pool;
    if (t)
        h->pool = t->pool;
    else
        t = make(h);
    t->job = j;
    t->body.n = t->next.n = 0;
    t->error[0] = 0;
    t->started = now_mono();
    t->last = 0;
    t->too_large = t->too_much = t->refused = false;
    set_request(h, t, j);
    bool ok = curl_easy_setopt(t->c, CURLOPT_URL, j->url) == CURLE_OK;
    t->slot = &h->active[h->nactive];
    h->active[h->nactive++] = t;
    if (ok) ok = curl_multi_add_handle(h->multi, t->c) == CURLM_OK;
    if (!ok) transfer_drop(h, t);
    return ok;
}

void transfer_drop(struct http *h, struct transfer *t) {
    curl_multi_remove_handle(h->multi, t->c);
    struct transfer *last = h->active[--h->nactive];
    *t->slot = last;
    last->slot = t->slot;
    h->held -= t->body.n < h->held ? t->body.n : h->held;
    t->body.n = 0;
    if (t->body.cap > 1 << 20) buf_free(&t->body);
    curl_slist_free_all(t->headers);
    t->headers = NULL;
    t->job = NULL;
    t->pool = h->pool;
    h->pool = t;
}

void transfer_teardown(struct http *h) {
    while (h->nactive) {
        struct job *j = h->active[0]->job;
        transfer_drop(h, h->active[0]);
        job_free(j);
    }
    while (h->pool) {
        struct transfer *t = h->pool; /* NOLINT(clang-analyzer-unix.Malloc): a transfer is in the pool once */
        h->pool = t->pool;            /* NOLINT(clang-analyzer-unix.Malloc) */
        curl_easy_cleanup(t->c);
        buf_free(&t->body);
        buf_free(&t->next);
        free(t);
    }
    curl_multi_cleanup(h->multi);
    if (h->share) curl_share_cleanup(h->share);
    if (h->epoll >= 0) close(h->epoll);
    free(h->active);
}

/* ---- what came of it --------------------------------------------------------------------------------------------- */

static const struct {
    CURLcode code;
    enum http_reason reason;
    bool temporary;
} codes[] = {
    {CURLE_COULDNT_RESOLVE_HOST, HTTP_DNS, true},
    {CURLE_COULDNT_RESOLVE_PROXY, HTTP_DNS, true},
    {CURLE_COULDNT_CONNECT, HTTP_REFUSED, true},
    {CURLE_OPERATION_TIMEDOUT, HTTP_TIMEOUT, true},
    {CURLE_PARTIAL_FILE, HTTP_TRUNCATED, true},
    {CURLE_GOT_NOTHING, HTTP_RESET, true},
    {CURLE_RECV_ERROR, HTTP_RESET, true},
    {CURLE_SEND_ERROR, HTTP_RESET, true},
    {CURLE_SSL_CONNECT_ERROR, HTTP_TLS, true},
    {CURLE_PEER_FAILED_VERIFICATION, HTTP_TLS, false},
    {CURLE_SSL_CACERT_BADFILE, HTTP_TLS, false},
    {CURLE_SSL_CERTPROBLEM, HTTP_TLS, false},
    {CURLE_SSL_CIPHER, HTTP_TLS, false},
    {CURLE_SSL_ISSUER_ERROR, HTTP_TLS, false},
    {CURLE_FILESIZE_EXCEEDED, HTTP_TOO_LARGE, false},
    {CURLE_BAD_CONTENT_ENCODING, HTTP_BAD_ANSWER, true},
    {CURLE_UNSUPPORTED_PROTOCOL, HTTP_BAD_ANSWER, true},
    {CURLE_WEIRD_SERVER_REPLY, HTTP_BAD_ANSWER, true},
    {CURLE_OUT_OF_MEMORY, HTTP_BAD_ANSWER, true}, /* headers beyond curl's own limits */
    {CURLE_URL_MALFORMAT, HTTP_BAD_URL, false},
};

static void from_curl(const struct transfer *t, CURLcode rc, struct outcome *o) {
    o->reason = HTTP_RESET;
    o->temporary = true;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (codes[i].code == rc) {
            o->reason = codes[i].reason;
            o->temporary = codes[i].temporary;
        }
    if (t->too_large) {
        o->reason = HTTP_TOO_LARGE;
        o->temporary = false;
    }
    if (t->refused) {
        o->reason = HTTP_NOT_ALLOWED;
        o->temporary = false;
    }
    if (t->too_large || rc == CURLE_FILESIZE_EXCEEDED)
        snprintf(o->detail, sizeof o->detail, "the answer is larger than %.6g MiB",
                 (double)t->h->cfg.max_bytes / 1048576);
    else if (t->too_much)
        snprintf(o->detail, sizeof o->detail, "the answers under way together take too much memory");
    else if (t->refused)
        snprintf(o->detail, sizeof o->detail, "%s", PRIVATE_ADDRESS);
    else
        snprintf(o->detail, sizeof o->detail, "%s", t->error[0] ? t->error : curl_easy_strerror(rc));
}

static void from_status(struct transfer *t, struct outcome *o) {
    long s = o->status;
    curl_off_t after = 0;
    o->reason = s >= 200 && s < 300    ? HTTP_OK
                : s == 404 || s == 410 ? HTTP_NOT_FOUND
                : s == 429             ? HTTP_THROTTLED
                : s >= 500 && s < 600  ? HTTP_SERVER_ERROR
                : s >= 300 && s < 600  ? HTTP_ERROR
                                       : HTTP_BAD_ANSWER;
    o->temporary = s == 408 || s == 425 || s == 429 || s >= 500;
    if (o->reason == HTTP_OK) return;
    if (curl_easy_getinfo(t->c, CURLINFO_RETRY_AFTER, &after) == CURLE_OK && after > 0 &&
        (s == 429 || s == 503 || s == 408 || s == 425))
        o->retry_after = (double)after;
    snprintf(o->detail, sizeof o->detail, "HTTP %ld", s);
}

void transfer_outcome(struct transfer *t, CURLcode rc, struct outcome *o) {
    *o = (struct outcome){0};
    curl_easy_getinfo(t->c, CURLINFO_RESPONSE_CODE, &o->status);
    if (rc != CURLE_OK)
        from_curl(t, rc, o);
    else
        from_status(t, o);
}

/* ---- the loop ---------------------------------------------------------------------------------------------------- */

static int reap(struct http *h, struct err *e) {
    int left, rc = ERR_OK;
    for (CURLMsg *m; rc == ERR_OK && (m = curl_multi_info_read(h->multi, &left));) {
        struct transfer *t;
        if (m->msg != CURLMSG_DONE) continue;
        CURLcode code = m->data.result;
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&t);
        rc = http_ended(h, t, code, e);
    }
    return rc;
}

/* curl knows no limits for the time to the first byte and between two. */
static int check_silence(struct http *h, struct err *e) {
    double now = now_mono();
    int rc = ERR_OK;
    if (now - h->checked < 0.1) return rc;
    h->checked = now;
    for (size_t i = 0; i < h->nactive && rc == ERR_OK;) {
        struct transfer *t = h->active[i];
        double since = t->last ? t->last : t->started, most = t->last ? h->cfg.stalled : h->cfg.first_byte;
        if (now - since < most) {
            i++;
            continue;
        }
        if (t->last)
            snprintf(t->error, sizeof t->error, "stalled for %.6g s", most);
        else
            snprintf(t->error, sizeof t->error, "no answer within %.6g s", most);
        rc = http_ended(h, t, CURLE_OPERATION_TIMEDOUT, e);
    }
    return rc;
}

int transfer_turn(struct http *h, double seconds, struct err *e) {
    struct epoll_event ev[64];
    int running;
    double now = now_mono();
    if (h->curl_due && h->curl_due - now < seconds) seconds = h->curl_due - now;
    if (h->nactive && seconds > 0.1) seconds = 0.1;
    int ms = seconds <= 0 ? 0 : (int)(seconds * 1000) + 1;
    int n = epoll_wait(h->epoll, ev, 64, ms);
    if (n < 0 && errno != EINTR) return err_sys(e, ERR_NET, "waiting for answers");
    for (int i = 0; i < n; i++) {
        int what = 0;
        if (ev[i].events & (EPOLLIN | EPOLLHUP)) what |= CURL_CSELECT_IN;
        if (ev[i].events & EPOLLOUT) what |= CURL_CSELECT_OUT;
        if (ev[i].events & EPOLLERR) what |= CURL_CSELECT_ERR;
        curl_multi_socket_action(h->multi, ev[i].data.fd, what, &running);
    }
    if (h->curl_due && now_mono() >= h->curl_due) {
        h->curl_due = 0;
        curl_multi_socket_action(h->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
    int rc = reap(h, e);
    return rc == ERR_OK ? check_silence(h, e) : rc;
}

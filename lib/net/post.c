/* See post.h. libcurl starts only when something is sent: a run that sends nothing pays nothing. */
#include "net/post.h"

#include <curl/curl.h>
#include <unistd.h>

#include "base/day.h"
#include "base/log.h"
#include "base/stop.h"

const char *net_ca_bundle(void) {
    static const char *const places[] = {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
                                         "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem",
                                         "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem"};
    const char *own = getenv("SSL_CERT_FILE");
    if (own && access(own, R_OK) == 0) return own;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (access(places[i], R_OK) == 0) return places[i];
    return NULL;
}

bool net_is_local(const char *url) {
    CURLU *u = curl_url();
    char *host = NULL;
    bool local = u && curl_url_set(u, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK &&
                 curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
                 (strcmp(host, "localhost") == 0 || strcmp(host, "127.0.0.1") == 0 || strcmp(host, "[::1]") == 0);
    curl_free(host);
    curl_url_cleanup(u);
    return local;
}

int64_t net_retry_after(const char *value, int64_t now) {
    while (*value == ' ') value++;
    if (!*value) return 0;
    char *end;
    long long s = strtoll(value, &end, 10);
    if (end != value && !end[strspn(end, " \r\n")]) return s > 0 ? s : 0;
    time_t at = curl_getdate(value, NULL);
    return at > now ? (int64_t)at - now : 0;
}

/* The first bytes of the answer: Slack says there what it did not like. */
static size_t keep_some(char *p, size_t size, size_t n, void *ctx) {
    struct buf *b = ctx;
    size_t room = b->n < 120 ? 120 - b->n : 0;
    buf_add(b, p, size * n < room ? size * n : room);
    return size * n;
}

struct heard {
    struct post_result *r;
};
static size_t hear(char *p, size_t size, size_t n, void *ctx) {
    static const char name[] = "retry-after:";
    struct heard *h = ctx;
    size_t len = size * n;
    if (len > sizeof name && strncasecmp(p, name, sizeof name - 1) == 0) {
        char value[64];
        snprintf(value, sizeof value, "%.*s", (int)(len - (sizeof name - 1)), p + sizeof name - 1);
        h->r->retry_after = net_retry_after(value, now_utc());
    }
    return len;
}

static bool worth_again(long status) {
    return status == 408 || status == 425 || status == 429 || status >= 500;
}

static int judge(CURLcode rc, const struct buf *answer, struct post_result *r, struct err *e) {
    r->retry = rc != CURLE_OK ? rc != CURLE_URL_MALFORMAT && rc != CURLE_UNSUPPORTED_PROTOCOL : worth_again(r->status);
    if (rc != CURLE_OK) return err_set(e, ERR_NET, "sending failed: %s", curl_easy_strerror(rc));
    if (r->status >= 200 && r->status <= 299) return ERR_OK;
    struct buf words = {0};
    size_t n = answer->n;
    while (n && ((unsigned char)answer->p[n - 1] < 0x20 || ((unsigned char)answer->p[n - 1] & 0xC0) == 0x80)) n--;
    for (size_t i = 0; i < n; i++)
        if (answer->p[i] == '\n' || answer->p[i] == '\t') answer->p[i] = ' ';
    if (n) log_clean(&words, (struct sv){answer->p, n});
    err_set(e, ERR_NET, "the receiver answered HTTP %ld%s%s", r->status, words.n ? ": " : "", buf_text(&words));
    buf_free(&words);
    return ERR_NET;
}

static int stopped(void *ctx, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d) {
    (void)ctx, (void)a, (void)b, (void)c, (void)d;
    return stop_signal() != 0;
}

static void *or_die(void *p) {
    if (!p) mem_die();
    return p;
}
static void *get(size_t n) {
    return or_die(malloc(n ? n : 1));
}
static void *get_many(size_t n, size_t size) {
    return or_die(calloc(n ? n : 1, size ? size : 1));
}
static void *get_again(void *p, size_t n) {
    return or_die(realloc(p, n ? n : 1));
}
static char *get_text(const char *s) {
    return or_die(strdup(s));
}

void net_start(void) {
    static bool started;
    if (!started) curl_global_init_mem(CURL_GLOBAL_DEFAULT, get, free, get_again, get_text, get_many);
    started = true;
}

int net_post(const struct post *p, struct post_result *r, struct err *e) {
    struct buf answer = {0};
    struct heard heard = {r};
    *r = (struct post_result){0};
    net_start();
    CURL *c = curl_easy_init();
    if (!c) return err_set(e, ERR_NET, "libcurl does not start");
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json; charset=utf-8");
    headers = curl_slist_append(headers, "Expect:"); /* no waiting for 100 Continue */
    for (size_t i = 0; i < p->headers.n; i++) headers = curl_slist_append(headers, p->headers.s[i]);
    curl_easy_setopt(c, CURLOPT_URL, p->url);
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(c, CURLOPT_POSTFIELDS, p->json);
    curl_easy_setopt(c, CURLOPT_USERAGENT, "etl/" ETL_VERSION);
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, (long)(p->seconds < 10 ? p->seconds : 10));
    curl_easy_setopt(c, CURLOPT_TIMEOUT, (long)p->seconds);
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, keep_some);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, &answer);
    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, hear);
    curl_easy_setopt(c, CURLOPT_HEADERDATA, &heard);
    curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, stopped);
    if (net_ca_bundle()) curl_easy_setopt(c, CURLOPT_CAINFO, net_ca_bundle());
    CURLcode rc = curl_easy_perform(c);
    curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &r->status);
    curl_slist_free_all(headers);
    curl_easy_cleanup(c);
    int out = judge(rc, &answer, r, e);
    buf_free(&answer);
    return out;
}

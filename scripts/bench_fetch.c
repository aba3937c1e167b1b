/* make bench: the HTTP engine alone, without ledger, journal and records: bench_fetch URL-PREFIX PAGES CONCURRENCY asks
 * for PREFIX100000, PREFIX100001, ... and drops the answers. See scripts/bench_crawl.py. */
#include <stdio.h>

#include "net/http.h"

struct tally {
    size_t ok, bytes;
};

static int on_done(void *ctx, void *tag, const struct http_answer *a, bool *again, struct err *e) {
    struct tally *t = ctx;
    (void)tag;
    (void)again;
    (void)e;
    t->ok += a->reason == HTTP_OK;
    t->bytes += a->body.n;
    return ERR_OK;
}

int main(int argc, char **argv) {
    if (argc != 4) return 2;
    struct tally t = {0};
    size_t pages = strtoul(argv[2], NULL, 10), sent = 0;
    int c = (int)strtol(argv[3], NULL, 10);
    struct http_cfg f = {.concurrency = c, .per_host = c, .connect = 10, .first_byte = 30, .stalled = 30, .whole = 60};
    struct http *h;
    struct err e;
    f.max_bytes = 1 << 20;
    f.private_addresses = true;
    f.attempts = 1;
    f.breaker_failures = 1000;
    f.user_agent = "etl-bench";
    f.done = on_done;
    f.ctx = &t;
    int rc = http_new(&h, &f, &e);
    while (rc == ERR_OK && (sent < pages || http_pending(h))) {
        for (; sent < pages && http_pending(h) < (size_t)c * 4 + 64; sent++) {
            char url[300];
            snprintf(url, sizeof url, "%s%zu", argv[1], 100000 + sent);
            http_add(h, &(struct http_request){.url = url});
        }
        rc = http_turn(h, 0.2, &e);
    }
    if (rc == ERR_OK) http_free(h);
    printf("%zu pages, %zu bytes\n", t.ok, t.bytes);
    return rc != ERR_OK || t.ok != pages;
}

/* What the files of the crawl share: web.c drives it, web_plan.c says which requests there are, web_answer.c what an
 * answer means. Private to the room. */
#ifndef ETL_COLLECT_WEB_IMPL_H
#define ETL_COLLECT_WEB_IMPL_H

#include "collect/journal.h"
#include "collect/web.h"
#include "extract/extract.h"
#include "net/http.h"
#include "pipeline/http.h"
#include "store/requests.h"
#include "json/scan.h"

struct value { /* a bound value: one JSON text, scanned */
    struct jtoks toks;
    struct sv text;
};
struct axis { /* what one name of "for" goes through */
    const struct pl_bind *b;
    struct value *v; /* all but BIND_FROM */
    size_t n, i;
    /* BIND_FROM: the records of an earlier phase, in order */
    size_t at; /* place in its order */
    struct buf lines;
    size_t next; /* offset of the next line */
    struct value item;
    struct buf whole, made; /* with "split": the record, and it with one piece in the place of the list */
    size_t piece;           /* offset of the next piece in `pieces` */
    char *pieces;           /* NULL: none are left */
    bool fallback;          /* the phase gave nothing: v holds the rows of the file instead */
};

struct place { /* where an entry's records stand in the order of the definition */
    uint32_t base, page, entry;
};
struct phase {
    const struct pl_request *r;
    struct place *order;
    size_t n, cap;
    bool sorted;
};

struct visit { /* a request on its way */
    struct crawl *c;
    size_t phase, entry;
    uint32_t base, page;
    char *vars;               /* JSON object: what the names stand for */
    char *url, *body, *shown; /* to be sent; without secrets */
    struct strs headers;
    char sha1[41];
    size_t seen;       /* records of the pages before */
    uint64_t last_sum; /* payload of the page before; 0 none */
    bool extra;
    struct visit *next, *live_next, **live; /* live: its place in the crawl's list, NULL: in none */
};

struct tally {
    uint64_t planned, success, empty, failed, duplicates, skipped, items, bytes, sent;
    uint64_t reasons[HTTP_REASONS + 8];
};

enum crawl_state { CRAWL_PASS, CRAWL_PAUSE, CRAWL_DONE };
struct crawl {
    const struct pipeline *p;
    const struct pl_dataset *d;
    const struct pl_http *h;
    const struct collect_opt *o;
    day_t day;
    char date[16], compact[16];
    char *source, *dir, *answers;
    struct arena a;
    struct http *net;
    struct extractor *x;
    struct journal j;
    struct journal old; /* of an earlier definition: its kept answers can be read again; path NULL none */
    struct ledger ledger;
    struct requests rows;
    bool durable, secrets, opened;
    struct phase *phases;
    /* the pass under way */
    enum crawl_state state;
    size_t phase;
    int round;
    uint32_t pass, base;
    struct axis *axes;
    size_t naxes;
    bool begun, planned_all;
    double resume_at; /* CRAWL_PAUSE */
    size_t failed_now, window;
    struct visit *ready, **ready_end; /* to be noted in the ledger, then sent */
    size_t nready;
    struct visit *live; /* handed to the engine */
    struct ended {
        char *sha1, *url;
        enum entry_state state;
        const char *reason;
        long status;
        int attempts;
    } * done;
    size_t ndone, capdone;
    double flushed, started;
    struct tally t;
    struct buf payload, scratch, url_room;
    struct jtoks toks;
    char **urls;
    size_t nurls, url_at;
    int rc;
    struct err e;
};

/* web_plan.c */
/* The next request of the phase under way into c->ready, or, where its answer is known, into the order. *more false at
 * the end. */
int plan_next(struct crawl *c, bool *more, struct err *e);
void plan_begin(struct crawl *c); /* the phase under way, from its beginning */
void plan_end(struct crawl *c);
int plan_prepare(struct crawl *c, struct err *e); /* settings and secrets that are missing */
/* The page after an answered one, if there is one. vars is that one's. */
int plan_follow(struct crawl *c, const struct visit *v, const char *next, size_t seen, uint64_t sum, struct err *e);
void visit_free(struct visit *v);
int plan_var(struct crawl *c, const char *vars, const char *url, const char *name, struct buf *out); /* 1: there is */
/* Template with names of vars replaced; how: 0 plain text, 1 URL. */
int plan_expand(struct crawl *c, const char *vars, const char *t, int how, bool *null, struct buf *out, struct err *e);
char *plan_under(struct crawl *c); /* digest of definition and settings */
struct strs plan_trusted(struct crawl *c);

/* web_answer.c */
int answer_take(void *ctx, void *tag, const struct http_answer *a, bool *again, struct err *e);
/* An answer of an earlier crawl, parsed again. *taken false: there is none. */
int answer_again(struct crawl *c, struct visit *v, bool *taken, struct err *e);

/* web.c */
int crawl_place(struct crawl *c, size_t phase, uint32_t base, uint32_t page, size_t entry);
void crawl_order(struct crawl *c, size_t phase);
int crawl_note(struct crawl *c, const struct visit *v, enum entry_state s, const char *reason, long status,
               int attempts);

#endif

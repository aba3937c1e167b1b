/*
 * What the files of the crawl share: web.c drives it, web_open.c opens and closes it, web_plan.c says which requests
 * there are (web_axes.c what they go through, web_names.c what names stand for), web_answer.c what an answer means
 * (web_kept.c keeps it as it came), web_keep.c keeps the ledger, web_tell.c says what came of it. Private to the room.
 */
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
    bool durable, secrets, opened, interrupted; /* interrupted: an earlier crawl of the day did not come to its end */
    struct phase *phases;
    /* the pass under way */
    enum crawl_state state;
    size_t phase;
    int round;
    uint32_t pass, base;
    struct axis *axes;
    size_t naxes;
    bool begun, planned_all;
    double resume_at;                 /* CRAWL_PAUSE */
    size_t failed_now, window;        /* window: requests that the plan runs ahead by */
    struct visit *ready, **ready_end; /* to be noted in the ledger, then sent */
    size_t nready, nkept;             /* nkept: of the batch that the keeper has */
    struct keeper *keeper;            /* NULL: the crawl is not durable */
    struct visit *live;               /* handed to the engine */
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

/* web_names.c */
int plan_prepare(struct crawl *c, struct err *e); /* settings and secrets that are missing */
int plan_var(struct crawl *c, const char *vars, const char *url, const char *name, struct buf *out); /* 1: there is */
/* Template with names of vars replaced; how: 0 plain text, 1 URL. */
int plan_expand(struct crawl *c, const char *vars, const char *t, int how, bool *null, struct buf *out, struct err *e);
void plan_percent(struct buf *out, struct sv s);
struct jval;
/* "cate.no" in {"cate":{"no":177}} */
bool plan_lookup(struct jval vars, struct sv name, struct jval *out);
bool plan_scan(struct crawl *c, const char *vars, struct jval *v); /* with c's tokens: until the next call */
char *plan_under(struct crawl *c);                                 /* digest of definition and settings */
struct strs plan_trusted(struct crawl *c);

/* web_axes.c */
void plan_begin(struct crawl *c); /* the phase under way, from its beginning */
void plan_end(struct crawl *c);
int axes_start(struct crawl *c, bool *got, struct err *e); /* to the first combination; *got false: there is none */
int axes_step(struct crawl *c, bool *got, struct err *e);
/* {"cate":{...},"item":{...},"page":1} */
void axes_vars(struct crawl *c, const char *page_name, int64_t page, struct buf *out);

/* web_plan.c */
/* The next request of the phase under way into c->ready, or, where its answer is known, into the order. *more false at
 * the end. */
int plan_next(struct crawl *c, bool *more, struct err *e);
/* The page after an answered one, if there is one. vars is that one's. */
int plan_follow(struct crawl *c, const struct visit *v, const char *next, size_t seen, uint64_t sum, struct err *e);
void visit_free(struct visit *v);

/* web_answer.c */
int answer_take(void *ctx, void *tag, const struct http_answer *a, bool *again, struct err *e);
/* An answer of an earlier crawl, parsed again. *taken false: there is none. */
int answer_again(struct crawl *c, struct visit *v, bool *taken, struct err *e);

/* web_kept.c */
int kept_keep(struct crawl *c, struct sv body, char sha256[65], struct err *e);
/* The answer under the names of its question as well: "partition". */
int kept_place(struct crawl *c, const struct visit *v, const char *partition, const char *sha256, struct err *e);
int kept_read(struct crawl *c, const char *sha256, struct buf *body, struct err *e); /* ERR_CORRUPT: it is damaged */

/* web.c */
int crawl_place(struct crawl *c, size_t phase, uint32_t base, uint32_t page, size_t entry);
void crawl_order(struct crawl *c, size_t phase);

/* web_open.c */
int crawl_open(struct crawl *c, const struct pipeline *p, const struct pl_dataset *d, day_t day,
               const struct collect_opt *o, struct err *e);
void crawl_close(struct crawl *c);

/* web_keep.c */
#define WINDOW_MAX 2048
#define BATCH_SECONDS 0.5
int keep_open(struct crawl *c, struct err *e);
void keep_close(struct crawl *c); /* waits for the batch under way; what is not in it is not kept */
/* For the ledger: an answer came. */
int crawl_note(struct crawl *c, const struct visit *v, enum entry_state s, const char *reason, long status,
               int attempts);
void keep_begin(struct crawl *c); /* hand over what there is, unless a batch is under way */
bool keep_busy(const struct crawl *c);
int keep_poll(struct crawl *c, struct err *e); /* a batch that is finished: its requests are sent */
int keep_all(struct crawl *c, struct err *e);  /* wait until all there is is in the ledger */
int keep_fd(const struct crawl *c);            /* readable when keep_poll has something to do; -1 never */
/* A row that an earlier crawl left PENDING: noted as what the journal knows of it. For requests_pending. */
int keep_left(void *ctx, const char *sha1, const char *url, struct err *e);

/* web_tell.c */
/* failed.jsonl, the summary, and whether too much failed. */
int crawl_settle(struct crawl *c, struct collect_stats *st, struct err *e);
int crawl_assemble(struct crawl *c, web_write_fn *write, void *ctx, struct collect_stats *st, struct err *e);

#endif

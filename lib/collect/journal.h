/*
 * The journal of a crawl: every answer that was understood, with the records taken out of it, appended as it came.
 *
 *   {"journal":1,"under":"<digest>","run":"<run id>"}
 *   {"phase":"detail","sha1":"9f..","url":"http://..","state":"SUCCESS","reason":"ok","status":200,"attempts":1,
 *    "items":1,"seen":1,"next":null,"answer":null,"sum":"3c..","bytes":151}                             (one line)
 *   <151 bytes: records, one a line>
 *
 * It is what makes a crawl durable: a killed one leaves at most a torn last entry, which is cut off, and the next one
 * asks only for URLs that are not in it. An entry of a URL replaces an earlier one. `sum` is XXH3-64 of the payload:
 * what was damaged on the disk is asked for again.
 *
 * The index in memory knows every URL of the crawl by phase and SHA-1, in the journal or not: 56 bytes each.
 */
#ifndef ETL_COLLECT_JOURNAL_H
#define ETL_COLLECT_JOURNAL_H

#include "base/err.h"
#include "base/mem.h"

enum entry_state { ENTRY_NONE, ENTRY_SUCCESS, ENTRY_EMPTY, ENTRY_FAILED };
extern const char *const entry_state_names[]; /* "PENDING", "SUCCESS", "EMPTY", "FAILED" */

struct entry {
    uint64_t key[2];
    uint64_t at; /* of its header line in the file */
    uint32_t head, bytes, items;
    uint32_t pass;  /* of the plan that last named it */
    uint8_t state;  /* enum entry_state */
    bool temporary; /* FAILED: another try may help */
    bool more;      /* a further page follows */
    bool extra;     /* asked for by name (--urls) */
};
struct journal {
    int fd;
    uint64_t size;
    char *path;
    struct entry *e;
    size_t n, cap;
    uint32_t *table;
    size_t slots;
    struct buf out;
};

/* Opens or makes path. What was written under another digest, or, with fresh_run, by another run, is moved to
 * path.old. */
int journal_open(struct journal *j, const char *path, const char *under, const char *fresh_run, const char *run,
                 struct err *e);
/* One that was moved aside, to be read only. */
int journal_open_old(struct journal *j, const char *path, struct err *e);
void journal_close(struct journal *j);
/* Place of the URL's entry; made (ENTRY_NONE) when it is not there. */
size_t journal_find(struct journal *j, size_t phase, const char *sha1);

struct journal_head {
    const char *phase, *sha1, *url, *reason, *next, *answer;
    const char *type, *from; /* of a kept answer: Content-Type; the URL it came from after redirects; NULL as asked */
    enum entry_state state;
    long status;
    int attempts;
    size_t phase_no, items, seen;
    bool temporary, extra;
    uint64_t sum;
};
int journal_add(struct journal *j, const struct journal_head *h, struct sv payload, struct err *e);
int journal_sync(struct journal *j, struct err *e);
/* The header of an entry; strings in the arena. */
int journal_head(struct journal *j, size_t i, struct arena *a, struct journal_head *h, struct err *e);
int journal_payload(struct journal *j, size_t i, struct buf *out, struct err *e);

#endif

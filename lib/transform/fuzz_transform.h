#ifndef ETL_TRANSFORM_FUZZ_TRANSFORM_H
#define ETL_TRANSFORM_FUZZ_TRANSFORM_H
/* What the fuzz targets of this room have in common: a dataset's steps over records in memory, and what must hold of
 * whatever comes out. A header of static functions, because only the three targets include it and a file of its own
 * would be linked into the program. Each function aborts where something does not hold, which is how libFuzzer is told.
 */
#include "transform/transform.h"

static inline int fuzz_gather(void *ctx, const char *p, size_t n, uint64_t rows, struct err *e) {
    (void)rows, (void)e;
    buf_add(ctx, p, n);
    return ERR_OK;
}

/* Run the steps of d over rows (JSONL, or whatever opt->format says), in blocks of so many bytes, 0 as usual, and with
 * so much memory, 0 as usual; what comes out is added to out. The counts must add up and an error must have words. */
static inline int fuzz_run(const struct pl_dataset *d, struct reader_opt o, size_t memory, struct transform_stats *st,
                           struct buf *out) {
    static const char *const name = "fuzz";
    struct reader *r = NULL;
    struct err e = {0};
    struct transform_cfg cfg = {.steps = d->steps,
                                .n = 1,
                                .day = 20000,
                                .threads = 1,
                                .memory = memory,
                                .tmpdir = "/tmp",
                                .write = fuzz_gather,
                                .ctx = out};
    int rc = reader_open(&r, &name, 1, &o, &e);
    if (rc == ERR_OK) rc = transform_run(&cfg, r, st, &e);
    if (rc == ERR_OK && st->rows_in + st->made != st->rows_out + st->dropped + st->merged) abort();
    if (rc && !e.msg[0]) abort();
    reader_close(r);
    return rc;
}

/* Two runs of the same records, cut or given memory differently: the same end and the same bytes, each line of them
 * JSON. */
static inline void fuzz_compare(int a, const struct buf *one, int b, const struct buf *two) {
    struct jtoks toks = {0};
    struct jerr je;
    if (a != b) abort();
    if (a != ERR_OK) return;
    if (one->n != two->n || (one->n && memcmp(one->p, two->p, one->n) != 0)) abort();
    for (const char *p = one->p, *end = one->n ? p + one->n : p; p < end;) {
        const char *line = p;
        p = memchr(p, '\n', (size_t)(end - p));
        toks.n = 0;
        if (!p || !json_scan(&toks, line, (size_t)(p - line), 0, &je)) abort();
        p++;
    }
    jtoks_free(&toks);
}

#endif

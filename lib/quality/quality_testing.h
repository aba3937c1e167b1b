/* What the tests of the room share: a pipeline from its checks, and a judgement with everything it gave. */
#ifndef ETL_QUALITY_TESTING_H
#define ETL_QUALITY_TESTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "io/file.h"
#include "quality/quality.h"

static char tmp[64] = "/tmp/etl-quality-XXXXXX";
static struct arena a;

/* A pipeline `tq` with these checks, read through the front door. */
static inline struct pipeline *define(const char *checks, const char *schema) {
    struct err e = {0};
    struct pipeline *p;
    const char *dir = arena_fmt(&a, "%s/schemas/tq", tmp);
    assert_int_equal(dir_make(dir, &e), ERR_OK);
    const char *text = arena_fmt(
        &a,
        "{\"name\":\"tq\",\"zone\":\"Asia/Seoul\",\"datasets\":[{\"name\":\"d\",\"source\":{\"kind\":\"files\","
        "\"path\":\"x.jsonl\"},%s\"checks\":[%s]}]}",
        schema ? "\"schema\":\"s.json\"," : "", checks);
    if (schema) assert_int_equal(file_publish(arena_fmt(&a, "%s/s.json", dir), schema, strlen(schema), &e), ERR_OK);
    assert_int_equal(file_publish(arena_fmt(&a, "%s/pipeline.json", dir), text, strlen(text), &e), ERR_OK);
    if (pipeline_load(&p, "tq", tmp, &e)) fail_msg("%s\n%s", text, e.msg);
    return p;
}

struct got {
    struct buf accepted, rejected;
    uint64_t accepted_rows, rejected_rows;
};
static inline int on_accept(void *ctx, const char *p, size_t n, uint64_t rows, struct err *e) {
    struct got *g = ctx;
    (void)e;
    buf_add(&g->accepted, p, n);
    g->accepted_rows += rows;
    return ERR_OK;
}
static inline int on_reject(void *ctx, const char *p, size_t n, struct err *e) {
    struct got *g = ctx;
    (void)e;
    buf_add(&g->rejected, p, n);
    g->rejected_rows++;
    return ERR_OK;
}

struct judged {
    struct pipeline *p;
    struct quality *q;
    struct reader *r; /* lives as long as q: it knows the inputs' names */
    struct quality_result res;
    struct got got;
    uint64_t kept;
};

static inline void judge(struct judged *j, struct pipeline *p, const char *text, int threads, size_t memory,
                         size_t block) {
    static const char *const path = "in.jsonl";
    struct reader *r;
    struct err e = {0};
    *j = (struct judged){.p = p};
    struct quality_out out = {&j->got, on_accept, on_reject};
    assert_int_equal(
        reader_open(&r, &path, 1, &(struct reader_opt){.text = text, .text_n = strlen(text), .block = block}, &e),
        ERR_OK);
    j->q = quality_new(
        &(struct quality_cfg){.p = p, .d = &p->datasets[0], .memory = memory, .threads = threads, .tmpdir = tmp});
    if (quality_run(j->q, r, &out, &j->res, &e)) fail_msg("%s", e.msg);
    uint64_t lines = 0;
    for (size_t i = 0; i < j->got.accepted.n; i++) lines += j->got.accepted.p[i] == '\n';
    assert_int_equal(lines, j->got.accepted_rows);
    /* duplicates out, as a partition would have it */
    struct buf kept = {0};
    char *line = j->got.accepted.p;
    for (uint64_t row = 0; row < j->got.accepted_rows; row++) {
        char *nl = strchr(line, '\n');
        bool keep = true;
        size_t n = (size_t)(nl - line);
        assert_int_equal(quality_keep(j->q, row, line, n, &keep, &e), ERR_OK);
        if (keep) {
            buf_add(&kept, line, n + 1);
            j->kept++;
        }
        line = nl + 1;
    }
    buf_free(&j->got.accepted);
    j->got.accepted = kept;
    j->r = r;
    /* no record disappears */
    assert_int_equal(j->res.rows_in, j->kept + j->got.rejected_rows);
}
static inline void done(struct judged *j) {
    quality_free(j->q);
    reader_close(j->r);
    pipeline_free(j->p);
    buf_free(&j->got.accepted);
    buf_free(&j->got.rejected);
}

static inline const struct quality_check *the_check(const struct judged *j, const char *name) {
    for (size_t i = 0; i < j->res.nchecks; i++)
        if (!strcmp(j->res.checks[i].c->name, name)) return &j->res.checks[i];
    fail_msg("no check %s", name);
    return NULL;
}

static inline int by_text(const void *x, const void *y) {
    return strcmp(*(char *const *)x, *(char *const *)y);
}
/* Where the tables end decides the place of a duplicate among the rejects, and nothing else. */
static inline void add_sorted_lines(struct buf *b, char *text, size_t n) {
    size_t k = 0;
    char **line = mem_alloc((n + 1) * sizeof *line);
    for (char *at = text; at < text + n; at = strchr(at, 0) + 1) {
        line[k++] = at;
        *strchr(at, '\n') = 0;
    }
    qsort(line, k, sizeof *line, by_text);
    for (size_t i = 0; i < k; i++) buf_fmt(b, "%s\n", line[i]);
    free(line);
}

/* Everything that must not depend on memory and threads, as one text. */
static inline void tell(const struct judged *j, struct buf *got) {
    buf_fmt(got, "%llu %llu %llu %llu\n", (unsigned long long)j->res.rows_in, (unsigned long long)j->kept,
            (unsigned long long)j->res.rows_accepted, (unsigned long long)j->res.rows_rejected);
    for (size_t k = 0; k < j->res.nchecks; k++) {
        const struct quality_check *c = &j->res.checks[k];
        buf_fmt(got, "%s %llu %llu %.2f %d\n", c->c->name, (unsigned long long)c->total, (unsigned long long)c->failed,
                c->pass_rate, c->pass);
        for (size_t s = 0; s < c->nsamples; s++)
            buf_fmt(got, "  %llu %s %s %s\n", (unsigned long long)c->samples[s].line, c->samples[s].field,
                    c->samples[s].expected, c->samples[s].found);
    }
    buf_add(got, j->got.accepted.p, j->got.accepted.n);
    add_sorted_lines(got, j->got.rejected.p, j->got.rejected.n);
}

static inline int first(void **state) {
    (void)state;
    return mkdtemp(tmp) ? 0 : 1;
}
static inline int last(void **state) {
    (void)state;
    arena_free(&a);
    return dir_remove(tmp, NULL);
}

#endif

/* Fuzz target: the template operation. The first line is a template, the lines after it are records; a template is
 * refused with a reason, or what comes out is JSON, as many records as came in, the same in one block or in many. */
#include "transform/transform.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static int gather(void *ctx, const char *p, size_t n, uint64_t rows, struct err *e) {
    (void)rows, (void)e;
    buf_add(ctx, p, n);
    return ERR_OK;
}

static int once(const struct pl_dataset *d, const char *records, size_t n, size_t block, struct buf *out) {
    static const char *const name = "fuzz";
    struct reader *r = NULL;
    struct err e = {0};
    struct transform_stats st;
    struct reader_opt o = {.block = block, .text = records, .text_n = n};
    struct transform_cfg cfg = {
        .steps = d->steps, .n = 1, .day = 20000, .threads = 1, .tmpdir = "/tmp", .write = gather, .ctx = out};
    int rc = reader_open(&r, &name, 1, &o, &e);
    if (rc == ERR_OK) rc = transform_run(&cfg, r, &st, &e);
    if (rc == ERR_OK && st.rows_in != st.rows_out + st.dropped) abort();
    if (rc && !e.msg[0]) abort();
    reader_close(r);
    return rc;
}

static void check_lines(const struct buf *out) {
    struct jtoks toks = {0};
    struct jerr je;
    for (const char *p = out->p, *end = out->n ? p + out->n : p; p < end;) {
        const char *line = p;
        p = memchr(p, '\n', (size_t)(end - p));
        toks.n = 0;
        if (!p || !json_scan(&toks, line, (size_t)(p - line), 0, &je)) abort();
        p++;
    }
    jtoks_free(&toks);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    const char *text = (const char *)data, *end = n ? memchr(text, '\n', n) : NULL;
    size_t at = end ? (size_t)(end - text) : n, from = end ? at + 1 : n;
    struct buf def = {0}, one = {0}, two = {0};
    struct pipeline *p = NULL;
    struct err e = {0};
    buf_str(&def, "{\"name\":\"fuzz\",\"zone\":\"UTC\",\"datasets\":[{\"name\":\"d\",\"source\":{\"kind\":\"files\","
                  "\"path\":\"x\"},\"transform\":[{\"name\":\"s\",\"do\":[{\"op\":\"template\",\"fields\":{\"t\":");
    json_quote(&def, (struct sv){text, at});
    buf_str(&def, ",\"a\":\"{t}{a}\"}}]}]}]}");
    if (pipeline_parse(&p, "schemas/parts", def.p, def.n, &e)) {
        if (!e.msg[0]) abort();
    } else {
        int a = once(p->datasets, text + from, n - from, 0, &one),
            b = once(p->datasets, text + from, n - from, 64, &two);
        if (a != b || (a == ERR_OK && (one.n != two.n || (one.n && memcmp(one.p, two.p, one.n) != 0)))) abort();
        if (a == ERR_OK) check_lines(&one);
        pipeline_free(p);
    }
    buf_free(&def);
    buf_free(&one);
    buf_free(&two);
    return 0;
}

/* Fuzz target: operations on columns. The input is three texts between lines of "===": a table of points (CSV, in
 * CP949 where the input begins with a capital C), the operations of a step ([{"op": ...}, ...]), and records. A
 * definition is refused with a message, or the step runs; then what goes out is JSON, the counts add up, and it is the
 * same at any size of blocks and with so little memory that groups are sorted on disk. */
#include <sys/stat.h>
#include <unistd.h>

#include "io/file.h"
#include "transform/transform.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static int gather(void *ctx, const char *p, size_t n, uint64_t rows, struct err *e) {
    (void)rows, (void)e;
    buf_add(ctx, p, n);
    return ERR_OK;
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

static int once(const struct pl_dataset *d, struct sv rows, size_t block, size_t memory, struct buf *out) {
    static const char *const name = "fuzz";
    struct reader *r = NULL;
    struct err e = {0};
    struct transform_stats st;
    struct reader_opt o = {.format = FMT_JSONL, .block = block, .text = rows.p, .text_n = rows.n};
    struct transform_cfg cfg = {.steps = d->steps,
                                .n = 1,
                                .day = 20000,
                                .threads = 1,
                                .memory = memory,
                                .tmpdir = "/tmp",
                                .write = gather,
                                .ctx = out};
    int rc = reader_open(&r, &name, 1, &o, &e);
    if (rc == ERR_OK) rc = transform_run(&cfg, r, &st, &e);
    if (rc == ERR_OK && st.rows_in + st.made != st.rows_out + st.dropped + st.merged) abort();
    if (rc && !e.msg[0]) abort();
    reader_close(r);
    return rc;
}

/* Up to the next separator, which is taken away. */
static struct sv section(struct sv *rest) {
    static const char bar[] = "\n===\n";
    const char *at = rest->n ? memmem(rest->p, rest->n, bar, sizeof bar - 1) : NULL;
    struct sv s = *rest;
    if (at) s.n = (size_t)(at - rest->p);
    size_t used = at ? s.n + sizeof bar - 1 : rest->n;
    rest->p += used;
    rest->n -= used;
    return s;
}

static const char *table_dir(void) {
    static char dir[] = "/tmp/etl-fuzz-XXXXXX";
    static bool made;
    if (!made && !mkdtemp(dir)) abort();
    made = true;
    return dir;
}

static void put_table(struct sv table) {
    char path[128];
    snprintf(path, sizeof path, "%s/points.csv", table_dir());
    FILE *f = fopen(path, "we");
    if (!f || (table.n && fwrite(table.p, 1, table.n, f) != table.n) || fclose(f)) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    struct sv rest = {(const char *)data, n}, table = section(&rest), ops = section(&rest);
    struct buf text = {0}, one = {0}, two = {0};
    struct err e = {0};
    struct pipeline *p = NULL;
    put_table(table);
    buf_str(&text, "{\"name\":\"fuzz\",\"zone\":\"UTC\",\"datasets\":[{\"name\":\"d\",\"source\":{\"kind\":\"files\","
                   "\"path\":\"x\"},\"transform\":[{\"name\":\"s\",\"do\":");
    buf_sv(&text, ops);
    buf_str(&text, "}]}]}");
    int rc = pipeline_parse(&p, table_dir(), text.p, text.n, &e);
    if (rc && !e.msg[0]) abort();
    if (rc == ERR_OK) {
        int a = once(p->datasets, rest, 0, 64 << 20, &one), b = once(p->datasets, rest, 64, 1, &two);
        if (a != b || (a == ERR_OK && (one.n != two.n || (one.n && memcmp(one.p, two.p, one.n) != 0)))) abort();
        if (a == ERR_OK) check_lines(&one);
    }
    pipeline_free(p);
    buf_free(&text);
    buf_free(&one);
    buf_free(&two);
    return 0;
}

/* Fuzz target: operations on columns. The input is three texts between lines of "===": a table of points (CSV, in
 * CP949 where the input begins with a capital C), the operations of a step ([{"op": ...}, ...]), and records. A
 * definition is refused with a message, or the step runs; then what goes out is JSON, the counts add up, and it is the
 * same at any size of blocks and with so little memory that groups are sorted on disk. */
#include <sys/stat.h>
#include <unistd.h>

#include "io/file.h"
#include "transform/fuzz_transform.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static int once(const struct pl_dataset *d, struct sv rows, size_t block, size_t memory, struct buf *out) {
    struct transform_stats st;
    return fuzz_run(d, (struct reader_opt){.format = FMT_JSONL, .block = block, .text = rows.p, .text_n = rows.n},
                    memory, &st, out);
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
        fuzz_compare(a, &one, b, &two);
    }
    pipeline_free(p);
    buf_free(&text);
    buf_free(&one);
    buf_free(&two);
    return 0;
}

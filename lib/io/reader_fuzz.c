/* Fuzz target: the record reader. The first byte chooses format, encoding and block size; the rest is the input. Blocks
 * of any size must give the same records. */
#include "base/hash.h"
#include "io/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static char kind_of(void *ctx, struct sv name) {
    (void)ctx;
    return name.n % 3 == 0 ? 'n' : name.n % 3 == 1 ? 'b' : 't';
}

static int digest(const uint8_t *data, size_t n, enum format f, enum encoding enc, size_t block, char out[65]) {
    static const char *const name = "fuzz";
    struct reader_opt o = {.format = f,
                           .enc = enc,
                           .block = block,
                           .max_line = 300,
                           .documents = true,
                           .column = kind_of,
                           .text = (const char *)data,
                           .text_n = n};
    struct reader *r;
    struct rblock b = {0};
    struct err e = {0};
    struct sha256 h;
    bool more = true;
    int rc = reader_open(&r, &name, 1, &o, &e);
    sha256_start(&h);
    while (rc == ERR_OK && more) {
        rc = reader_next(r, &b, &more, &e);
        for (size_t i = 0; i < b.n && rc == ERR_OK; i++) {
            sha256_str(&h, b.l[i].bad);
            sha256_add(&h, &b.l[i].line, sizeof b.l[i].line);
            sha256_add(&h, b.data.p + b.l[i].off, b.l[i].len);
        }
    }
    sha256_hex(&h, out);
    rblock_free(&b);
    reader_close(r);
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    if (n < 1) return 0;
    static const enum format formats[] = {FMT_JSONL, FMT_JSON, FMT_CSV, FMT_DOCUMENT, FMT_AUTO};
    enum format f = formats[data[0] % 5]; /* auto: one document or lines, as the first line tells */
    enum encoding enc = data[0] & 4 ? ENC_CP949 : ENC_UTF8;
    char one[65], two[65];
    int a = digest(data + 1, n - 1, f, enc, 0, one), b = digest(data + 1, n - 1, f, enc, 16 + data[0] / 8, two);
    if (a != b || (a == ERR_OK && strcmp(one, two) != 0)) abort();
    return 0;
}

/* Fuzz target: profiles. The input is records: JSONL, or CSV where its first byte is odd. The inferred schema must
 * compile and every record conform to it; what is written must be JSON, and the same with small blocks. */
#include "profile/profile.h"
#include "json/schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static struct profile *run(const char *text, size_t n, enum format format, size_t block) {
    static const char *const name = "fuzz";
    struct reader *r;
    struct profile *p = NULL;
    struct err e;
    struct reader_opt ro = {.format = format, .block = block, .text = text, .text_n = n};
    struct profile_opt o = {.threads = 1, .memory = 16 << 20};
    if (reader_open(&r, &name, 1, &ro, &e)) abort();
    if (profile_run(&p, r, &o, &e)) p = NULL;
    reader_close(r);
    return p;
}

static void check_records(const struct schema *s, const char *text, size_t n, enum format format) {
    static const char *const name = "fuzz";
    struct reader *r;
    struct batch b = {0};
    struct schema_run run = {0};
    struct err e;
    bool more = true;
    struct reader_opt ro = {.format = format, .text = text, .text_n = n};
    if (reader_open(&r, &name, 1, &ro, &e)) abort();
    while (reader_next(r, &b.blk, &more, &e) == ERR_OK && more) {
        batch_scan(&b);
        for (size_t i = 0; i < b.n; i++)
            if (!b.r[i].bad && !schema_validate(s, b.r[i].v, &run)) abort();
    }
    schema_run_free(&run);
    batch_free(&b);
    reader_close(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    enum format format = n && data[0] & 1 ? FMT_CSV : FMT_JSONL;
    const char *text = n ? (const char *)data + 1 : "";
    size_t len = n ? n - 1 : 0;
    struct profile *p = run(text, len, format, 1 << 20), *q = run(text, len, format, 32);
    if (!p || !q) {
        if (p || q) abort();
        return 0;
    }
    struct buf json = {0}, again = {0}, schema = {0}, shown = {0};
    struct jtoks toks = {0};
    struct jerr je;
    struct err e;
    struct schema *s;
    profile_json(p, &json);
    profile_json(q, &again);
    if (!json_scan(&toks, json.p, json.n, 0, &je)) abort();
    if (!sv_eq((struct sv){json.p, json.n}, (struct sv){again.p, again.n})) abort();
    profile_schema(p, &schema);
    if (schema_compile(&s, "inferred", schema.p, schema.n, NULL, SCHEMA_ASSERT_FORMAT, &e)) abort();
    check_records(s, text, len, format);
    profile_text(p, &shown);
    for (size_t i = 0; i < shown.n; i++) /* nothing that a terminal obeys */
        if ((unsigned char)shown.p[i] < 0x20 && shown.p[i] != '\n') abort();
    schema_free(s);
    jtoks_free(&toks);
    buf_free(&json);
    buf_free(&again);
    buf_free(&schema);
    buf_free(&shown);
    profile_free(p);
    profile_free(q);
    return 0;
}

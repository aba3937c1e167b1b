/* Any bytes as an answer: HTML, XML, CSV, JSON and text, with every way of taking values; and as robots.txt and a URL.
 * The first byte chooses the format. */
#include "extract/extract.h"
#include "net/http.h"

static int drop(void *ctx, struct sv text, const char *reason, struct err *e) {
    (void)ctx;
    (void)text;
    (void)reason;
    (void)e;
    return ERR_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    static struct extractor *x;
    static const char *labels[] = {"a"};
    static struct ex_take fields[] = {{.name = "a", .kind = EX_AT, .what = "/a/0", .url = true},
                                      {.name = "s", .kind = EX_SELECT, .what = "a:not(.x), p > b", .match = "(\\d+)"},
                                      {.name = "h", .kind = EX_SELECT, .what = "div", .html = true},
                                      {.name = "l", .kind = EX_SELECT, .what = "li", .attr = "href", .all = true},
                                      {.name = "p", .kind = EX_PAIR, .labels = {labels, 1}},
                                      {.name = "j", .kind = EX_JSON_LD, .what = "/d"}};
    static struct ex_def d = {.pair_each = "tr", .pair_key = "th", .pair_value = "td", .fields = fields, .nfields = 6};
    struct err e = {0};
    char why[EX_WHY];
    size_t items;
    if (!n) return 0;
    if (!x) {
        x = extractor_new();
        if (extractor_prepare(x, &d, &e)) abort();
    }
    d.format = (enum ex_format)(data[0] % 6);
    d.each = data[0] & 64 ? (d.format == EX_HTML ? "li" : "/r") : NULL;
    char *text = mem_alloc(n);
    memcpy(text, data + 1, n - 1);
    struct ex_doc doc = {.body = {text, n - 1}, .url = "http://h/a/b", .max = 1 << 20};
    if (extractor_open(x, &d, &doc, why)) extractor_records(x, drop, NULL, &items, &e);
    struct buf b = {0};
    url_resolve("http://h/a/b", text, &b);
    buf_free(&b);
    struct robots *r = robots_parse(text, n - 1, "etl");
    robots_allows(r, text[0] == '/' ? text : "/");
    robots_free(r);
    free(text);
    return 0;
}

/* Fuzz target: the values of `format`. Every name is asked of every text; some are part of others. */
#include "json/format_idn.h"
#include "json/scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const char *const names[] = {"date-time",     "date",         "time",          "email",
                                    "idn-email",     "hostname",     "idn-hostname",  "ipv4",
                                    "ipv6",          "uri",          "uri-reference", "iri",
                                    "iri-reference", "uri-template", "json-pointer",  "relative-json-pointer",
                                    "regex",         "uuid"};
static const char *const parts[][2] = {{"uri", "uri-reference"}, {"uri", "iri"},
                                       {"iri", "iri-reference"}, {"uri-reference", "iri-reference"},
                                       {"email", "idn-email"},   {"hostname", "idn-hostname"}};

static bool holds(const char *name, const char *s, size_t n) {
    return format_find(sv_of(name))(s, n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    struct buf quoted = {0}, text = {0}, mapped = {0}, again = {0};
    struct jtoks t = {0};
    struct jerr je;
    json_quote(&quoted, (struct sv){(const char *)data, n});
    if (!json_scan(&t, quoted.p, quoted.n, 0, &je)) abort();
    jv_unescape((struct jval){quoted.p, t.t, 0}, &text);
    char *exact = mem_alloc(text.n + !text.n);
    if (text.n) memcpy(exact, text.p, text.n);
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) holds(names[k], exact, text.n);
    for (size_t k = 0; k < sizeof parts / sizeof *parts; k++)
        if (holds(parts[k][0], exact, text.n) && !holds(parts[k][1], exact, text.n)) abort();
    format_base64(exact, text.n, &again);
    again.n = 0;
    format_uts46_map(&mapped, exact, text.n); /* what is mapped is mapped to itself */
    format_uts46_map(&again, buf_text(&mapped), mapped.n);
    if (mapped.n != again.n || memcmp(buf_text(&mapped), buf_text(&again), mapped.n) != 0) abort();
    free(exact);
    buf_free(&again);
    buf_free(&mapped);
    buf_free(&text);
    buf_free(&quoted);
    jtoks_free(&t);
    return 0;
}

/* The fast scanner against the careful one: the same texts are taken, with the same tokens, whatever the registers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/rng.h"
#include "json/scan_testing.h"

static void check(const char *text, size_t n) {
    const char *why = scan_differs(text, n);
    if (why) fail_msg("%s: <%.*s>", why, (int)n, text);
}

static void ways_there(void **state) {
    (void)state;
    assert_string_equal(scan_way(0)->name, "plain");
#if defined(__x86_64__)
    assert_string_equal(scan_way(1)->name, "sse2");
#endif
    for (size_t k = 0; scan_way(k); k++) { /* the fast way is taken at all, and gives up where it should */
        struct jtoks t = {0};
        assert_true(scan_fast(&t, SV("{\"a\": [1, \"x\"]}").p, 15, scan_way(k)));
        assert_int_equal(t.n, 5);
        assert_false(scan_fast(&t, "{\"a\": [1, \"x\"]]", 15, scan_way(k)));
        assert_int_equal(t.n, 5);
        jtoks_free(&t);
    }
}

/* Each fragment at each place of a block, so that everything crosses every border. */
static void borders(void **state) {
    (void)state;
    static const struct sv inner[] = {
        SV(""),
        SV("\\\""),
        SV("\\\\"),
        SV("\\\\\\\""),
        SV("\\"),
        SV("\\\\\\"),
        SV("\\u12aF"),
        SV("\\u12g4"),
        SV("\\u12"),
        SV("\\x"),
        SV("\x1F"),
        SV("\t"),
        SV("\n"),
        SV("\0"),
        SV("\x7F"),
        SV("\xED\x95\x9C"),
        SV("\xED\x95"),
        SV("\xED\xA0\x80"),
        SV("\xC0\x80"),
        SV("\xC1\xBF"),
        SV("\xE0\x9F\xBF"),
        SV("\xF0\x9F\x98\x80"),
        SV("\xF0\x9F\x98"),
        SV("\xF0\x8F\xBF\xBF"),
        SV("\xF4\x90\x80\x80"),
        SV("\xF5\x80\x80\x80"),
        SV("\xFF"),
        SV("\x80"),
        SV("\xBF\xBF"),
        SV("\xC3\xA9\xA9"),
        SV("\"\""),
        SV("\",\""),
        SV("\"\\\""),
        SV("{}[]:,"),
        SV("\xE0\xA0\x80\x80"),
        SV("\xC3"),
        SV("\xEF\xBF\xBF"),
        SV("\xF4\x8F\xBF\xBF"),
        SV("\xED\x9F\xBF"),
    };
    static const struct sv around[] = {SV("[\""), SV("\"]"), SV("{\"k\":\""), SV("\"}"), SV("[1, \""), SV("\" , 2] ")};
    struct buf b = {0};
    for (size_t i = 0; i < sizeof inner / sizeof *inner; i++)
        for (size_t a = 0; a < sizeof around / sizeof *around; a += 2)
            for (size_t before = 0; before < 140; before++)
                for (size_t after = 0; after < 100; after += before % 7 + 1) {
                    b.n = 0;
                    buf_sv(&b, around[a]);
                    for (size_t k = 0; k < before; k++) buf_chr(&b, 'a');
                    buf_sv(&b, inner[i]);
                    for (size_t k = 0; k < after; k++) buf_chr(&b, 'b');
                    buf_sv(&b, around[a + 1]);
                    check(b.p, b.n);
                }
    buf_free(&b);
}

/* Every pair of bytes, and every third and fourth that matters, in a string. */
static void all_utf8(void **state) {
    (void)state;
    static const unsigned char edges[] = {0x22, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F,
                                          0xA0, 0xBF, 0xC0, 0xC2, 0xE0, 0xF0, 0xFF};
    enum { EDGES = sizeof edges };
    char text[] = "[\"0123456789012345678901234567____0123456789\"]";
    const size_t at = 30, n = sizeof text - 1; /* the second block of 32 begins in the middle of it */
    for (unsigned x = 0xC0; x <= 0xFF; x++)
        for (unsigned y = 0x70; y <= 0xFF; y++)
            for (unsigned z = 0; z < EDGES * EDGES; z++) {
                text[at] = (char)x;
                text[at + 1] = (char)y;
                text[at + 2] = (char)edges[z / EDGES];
                text[at + 3] = (char)edges[z % EDGES];
                bool plain = scan_utf8_plain(text, n);
#ifdef SCAN_X86
                if (scan_way(2) && scan_utf8_avx2(text, n) != plain)
                    fail_msg("UTF-8 %x %x %x %x", x, y, z / EDGES, z % EDGES);
#endif
                if (z % 16 == 0) check(text, n);
                (void)plain;
            }
}

/* ---- random texts ---- */

static void random_blank(struct rng *r, struct buf *b) {
    static const char *const blanks[] = {"", "", "", " ", " ", "  ", "\n", "\t", "\r\n", "\n    "};
    buf_str(b, blanks[rng_below(r, 10)]);
}

static void random_string(struct rng *r, struct buf *b) {
    static const char *const parts[] = {"a",
                                        "event_id",
                                        "0123456789abcdef0123456789abcdef",
                                        "\\\"",
                                        "\\\\",
                                        "\\n",
                                        "\\u00e9",
                                        "\xED\x95\x9C\xEA\xB8\x80",
                                        "\xC3\xA9",
                                        "\xF0\x9F\x98\x80",
                                        "{",
                                        "],",
                                        ": ",
                                        "/",
                                        ""};
    buf_chr(b, '"');
    for (uint64_t k = rng_below(r, 5); k > 0; k--) buf_str(b, parts[rng_below(r, sizeof parts / sizeof *parts)]);
    buf_chr(b, '"');
}

static void random_value(struct rng *r, struct buf *b, int depth) {
    static const char *const scalars[] = {
        "0", "-0", "1", "48000", "-12.5", "1e9", "1.25E-3", "123456789012345678901", "true", "false", "null"};
    uint64_t kind = rng_below(r, depth > 5 ? 2 : 4);
    random_blank(r, b);
    if (kind == 0) buf_str(b, scalars[rng_below(r, sizeof scalars / sizeof *scalars)]);
    if (kind == 1) random_string(r, b);
    if (kind >= 2) {
        buf_chr(b, kind == 2 ? '{' : '[');
        for (uint64_t k = 0, n = rng_below(r, 6); k < n; k++) {
            if (k) buf_chr(b, ',');
            random_blank(r, b);
            if (kind == 2) {
                random_string(r, b);
                random_blank(r, b);
                buf_chr(b, ':');
            }
            random_value(r, b, depth + 1);
        }
        random_blank(r, b);
        buf_chr(b, kind == 2 ? '}' : ']');
    }
    random_blank(r, b);
}

/* Valid texts, and each with a byte changed, taken out or put in. */
static void random_texts(void **state) {
    (void)state;
    static const char bytes[] = "\"\\{}[]:, \n\t0159-+.eEtruefalsn/bu\x80\xC3\xED\x95\xFF\x1F";
    struct rng r;
    struct buf b = {0};
    rng_seed(&r, 7);
    for (int k = 0; k < 6000; k++) {
        b.n = 0;
        random_value(&r, &b, 0);
        check(b.p, b.n);
        for (int j = 0; j < 8 && b.n; j++) {
            size_t at = (size_t)rng_below(&r, (uint32_t)b.n);
            char was = b.p[at];
            b.p[at] = bytes[rng_below(&r, sizeof bytes)];
            check(b.p, b.n);
            b.p[at] = was;
            check(b.p, at);
            check(b.p + at, b.n - at);
        }
    }
    buf_free(&b);
}

static void deep_and_long(void **state) {
    (void)state;
    struct buf b = {0};
    for (size_t depth = JSON_DEPTH - 1; depth <= JSON_DEPTH + 1; depth++)
        for (int k = 0; k < 2; k++) {
            b.n = 0;
            for (size_t i = 0; i < depth; i++) buf_str(&b, k ? "{\"a\":" : "[");
            if (k) buf_chr(&b, '1');
            for (size_t i = 0; i < depth; i++) buf_chr(&b, k ? '}' : ']');
            check(b.p, b.n);
        }
    for (size_t n = SCAN_FAST_MAX - 1; n <= SCAN_FAST_MAX + 1; n++) {
        b.n = 0;
        buf_chr(&b, '[');
        while (b.n + 4 < n) buf_str(&b, "\"\",");
        buf_chr(&b, '1');
        while (b.n + 1 < n) buf_chr(&b, ' ');
        buf_chr(&b, ']');
        check(b.p, b.n);
    }
    buf_free(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ways_there),   cmocka_unit_test(borders),       cmocka_unit_test(all_utf8),
        cmocka_unit_test(random_texts), cmocka_unit_test(deep_and_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

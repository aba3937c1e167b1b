/* Values as people read them, and what CSV and pages must not let through. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "report/html.h"
#include "report/mailbody.h"

static void values(void **state) {
    (void)state;
    static const struct {
        const char *text;
        double num;
        enum value_format f;
        const char *want;
    } t[] = {{"1234567", 1234567, FORMAT_INTEGER, "1,234,567"},
             {"0", 0, FORMAT_INTEGER, "0"},
             {"999", 999, FORMAT_INTEGER, "999"},
             {"1000", 1000, FORMAT_INTEGER, "1,000"},
             {"-1234", -1234, FORMAT_INTEGER, "-1,234"},
             {"-999", -999, FORMAT_INTEGER, "-999"},
             {"1234", 1234, FORMAT_KRW,
              "\xE2\x82\xA9"
              "1,234"},
             {"12.34", 12.34, FORMAT_PERCENT, "12.34 %"},
             {"100", 100, FORMAT_PERCENT, "100.00 %"},
             {"1234.5", 1234.5, FORMAT_NUMBER, "1,234.50"},
             {"1234", 1234, FORMAT_NUMBER, "1,234"},
             {"2026-01-15", NAN, FORMAT_DATE, "2026-01-15"},
             {"x", NAN, FORMAT_INTEGER, "x"},
             {"12345678901234567890", 12345678901234567890.0, FORMAT_INTEGER, "12345678901234567890"}};
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        struct buf b = {0};
        report_value(&(struct report_cell){t[i].text, t[i].num}, t[i].f, &b);
        assert_string_equal(b.p, t[i].want);
        buf_free(&b);
    }
    assert_int_equal(report_format_find("html"), REPORT_HTML);
    assert_int_equal(report_format_find("pdf"), -1);
}

/* A report of one check whose words are hostile. */
static void hostile_words(void **state) {
    (void)state;
    struct pipeline p = {.name = "p", .title = "T <script>alert(1)</script>", .language = "en", .zone_name = "UTC"};
    struct report_sample s = {"1", "f", "<b>&\"'", "\"<img src=x onerror=y>\""};
    struct report_check c[] = {{.name = "=HYPERLINK(\"x\")",
                                .type = "range",
                                .dataset = "d",
                                .total = 3,
                                .failed = 1,
                                .rate = 66.67,
                                .samples = &s,
                                .nsamples = 1},
                               {.name = "a,b", .type = "x", .dataset = "d", .total = 1, .rate = 100, .pass = true}};
    struct report r = {
        .p = &p, .day = "2026-01-15", .made_at = "2026-01-16T02:00:00Z", .gate = "FAIL", .checks = c, .nchecks = 2};
    struct buf b = {0};
    report_render(&r, REPORT_CSV, &b);
    assert_non_null(strstr(b.p, "\"'=HYPERLINK(\"\"x\"\")\""));
    assert_non_null(strstr(b.p, "\"a,b\",100.00"));
    static const enum report_format pages[] = {REPORT_HTML, REPORT_EMAIL};
    for (size_t i = 0; i < 2; i++) {
        b.n = 0;
        report_render(&r, pages[i], &b);
        assert_null(strstr(b.p, "<script>alert"));
        assert_null(strstr(b.p, "<img src=x"));
        assert_null(strstr(b.p, "<b>&\""));
        assert_non_null(strstr(b.p, "&lt;script&gt;"));
    }
    b.n = 0;
    report_render(&r, REPORT_JSON, &b);
    struct jtoks t = {0};
    struct jerr je;
    assert_true(json_scan(&t, b.p, b.n, 0, &je));
    jtoks_free(&t);
    buf_free(&b);
}

/* What a column and the pipeline's language and zone make of a value. */
static void shown(void **state) {
    (void)state;
    struct pipeline p = {.name = "p", .title = "T", .language = "ko", .zone = {.std = 9 * 3600}};
    struct report r = {.p = &p, .day = "2026-01-15"};
    static const struct {
        const char *text;
        double num;
        struct pl_shown col;
        const char *want;
    } t[] = {{"2026-01-15", NAN, {.format = FORMAT_DATE}, "2026-01-15 (목)"},
             {"not a day!", NAN, {.format = FORMAT_DATE}, "not a day!"},
             {"2026-01-15T20:30:00Z", NAN, {.format = FORMAT_TIME}, "2026-01-16 05:30"},
             {"2026-01-15T20:30:00+09:00", NAN, {.format = FORMAT_TIME}, "2026-01-15 20:30"},
             {"2026-01-15T20:30:00", NAN, {.format = FORMAT_TIME}, "2026-01-15 20:30:00"},
             {"12", 12, {.format = FORMAT_INTEGER, .decimals = -1, .unit = "개"}, "12개"},
             {NULL, NAN, {.format = FORMAT_INTEGER, .decimals = -1, .unit = "개"}, "–"},
             {"127.123456", 127.123456, {.format = FORMAT_NUMBER, .decimals = 4}, "127.1235"},
             {"-0.001", -0.001, {.format = FORMAT_NUMBER, .decimals = 1}, "0.0"},
             {"3.25", 3.25, {.format = FORMAT_CHANGE, .decimals = -1}, "▲ 3.2 %"},
             {"-3.25", -3.25, {.format = FORMAT_CHANGE, .decimals = 2}, "▼ 3.25 %"},
             {"0", 0, {.format = FORMAT_CHANGE, .decimals = -1}, "0.0 %"},
             {"-5000", -5000, {.format = FORMAT_KRW, .decimals = -1}, "-₩5,000"},
             {"gate_failed", NAN, {.format = FORMAT_STATE}, "게이트 실패"},
             {"something", NAN, {.format = FORMAT_STATE}, "something"},
             {"999", 999, {.format = FORMAT_BYTES}, "999 B"},
             {"1234567", 1234567, {.format = FORMAT_BYTES}, "1.2 MB"}};
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        struct buf b = {0};
        report_show(&r, &(struct report_cell){t[i].text, t[i].num}, &t[i].col, &b);
        assert_string_equal(b.p, t[i].want);
        buf_free(&b);
    }
}

/* Links lead to pages only. */
static void addresses(void **state) {
    (void)state;
    static const char *const good[] = {"a.html", "../x/a.html#b:c", "http://a/", "https://a/b?c=d:e", "?a:b"};
    static const char *const bad[] = {"",        "javascript:alert(1)", "data:text/html,x",
                                      "//evil/", "JaVaScRiPt:x",        "file:///etc"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) assert_true(html_is_address(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) assert_false(html_is_address(bad[i]));
    assert_false(html_is_address(NULL));
}

static void mail_as_text(void **state) {
    (void)state;
    struct buf html = {0}, text = {0};
    mail_open(&html, "ko", "도로 & 하천", "#000000");
    mail_heading(&html, "a < b");
    mail_table_open(&html);
    mail_row_open(&html, true);
    mail_cell(&html, "순위", true, true);
    mail_cell(&html, NULL, true, false);
    mail_cell(&html, "구간", true, false);
    mail_row_close(&html);
    mail_row_open(&html, false);
    mail_cell(&html, "1", false, true);
    mail_cell(&html, "&amp;", false, false);
    mail_row_close(&html);
    mail_table_close(&html);
    mail_close(&html, "made today");
    mail_text(html.p, &text);
    assert_string_equal(text.p, "도로 & 하천\n\na < b\n\n순위    구간\n1  &amp;\n\nmade today\n");
    buf_free(&html);
    text.n = 0;
    static const char *const broken[] = {"<", "<p", "</", "a<", "&", "<head>", "<style>x", ""};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) mail_text(broken[i], &text); /* no end, no crash */
    buf_free(&text);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(values), cmocka_unit_test(hostile_words),
                                       cmocka_unit_test(shown), cmocka_unit_test(addresses),
                                       cmocka_unit_test(mail_as_text)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

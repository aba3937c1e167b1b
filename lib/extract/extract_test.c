/* Tests of the extraction room: encodings, XML, HTML, values and records. */
#include <setjmp.h>

#include "extract/extract.h"
/* cmocka needs setjmp.h before it */
#include <cmocka.h>

#include <strings.h>

#include "extract/charset.h"
#include "extract/xml.h"

static void one_charset(const char *body, size_t n, const char *type, const char *name, const char *text) {
    struct buf room = {0};
    struct sv got;
    const char *found = charset_decode((struct sv){body, n}, NULL, type, &room, &got);
    assert_int_equal(got.n, strlen(text));
    assert_memory_equal(got.p ? got.p : "", text, got.n);
    assert_int_equal(strcasecmp(found, name), 0);
    buf_free(&room);
}
#define CHARSET(body, type, name, text) one_charset(body, sizeof(body) - 1, type, name, text)

static void test_charset(void **state) {
    (void)state;
    CHARSET("", NULL, "utf-8", "");
    CHARSET("abc", NULL, "utf-8", "abc");
    CHARSET("\xEF\xBB\xBF\xED\x95\x9C", "text/html; charset=euc-kr", "utf-8",
            "한"); /* a mark says more than a header */
    CHARSET("\xC7\xD1\xB1\xDB", "text/html; charset=EUC-KR", "euc-kr", "한글");
    CHARSET("\xC7\xD1\xB1\xDB", "text/html; charset=utf-8", "euc-kr", "한글"); /* it is not */
    CHARSET("\xC7\xD1\xB1\xDB", NULL, "euc-kr", "한글");
    CHARSET("\xED\x95\x9C", "text/html; charset=euc-kr", "utf-8", "한"); /* the bytes say more than the header */
    CHARSET("caf\xE9", NULL, "windows-1252", "café");
    CHARSET("caf\xE9", "text/plain; charset=\"ISO-8859-1\"", "windows-1252", "café");
    CHARSET("<meta charset=euc-kr>\xC7\xD1", NULL, "euc-kr", "<meta charset=euc-kr>한");
    CHARSET("<?xml version='1.0' encoding='EUC-KR'?>\xC7\xD1", NULL, "euc-kr",
            "<?xml version='1.0' encoding='EUC-KR'?>한");
    CHARSET("\xFF\xFE\x41\x00\x5C\xD5", NULL, "utf-16le", "A한");
    CHARSET("\x8F\xC7\xD1", "text/html; charset=euc-kr", "euc-kr", "뤗\xEF\xBF\xBD"); /* the last byte means nothing */
}

static void one_xml(const char *xml, const char *json) {
    struct buf b = {0};
    char why[200] = "";
    bool ok = xml_to_json(sv_of(xml), &b, why, sizeof why);
    if (!json) {
        assert_false(ok);
        assert_true(why[0] != 0);
        assert_int_equal(b.n, 0);
    } else {
        assert_true(ok);
        assert_string_equal(buf_text(&b), json);
    }
    buf_free(&b);
}

static void test_xml(void **state) {
    (void)state;
    one_xml("<r/>", "{\"r\":\"\"}");
    one_xml("<r a='1'><x>2</x><y/><x> 3 </x>t</r>",
            "{\"r\":{\"@a\":\"1\",\"x\":[\"2\",\"3\"],\"y\":\"\",\"#text\":\"t\"}}");
    one_xml("<r><![CDATA[<&]]>&amp;&#x41;</r>", "{\"r\":\"<&&A\"}");
    one_xml("<n:r xmlns:n='u'><n:x/></n:r>", "{\"n:r\":{\"@xmlns:n\":\"u\",\"n:x\":\"\"}}");
    one_xml("<r><x></r>", NULL);
    one_xml("", NULL);
    one_xml("<r>&none;</r>", NULL);
    /* an outer entity is not read; inner ones must not blow up */
    one_xml("<!DOCTYPE r [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><r>&e;</r>", "{\"r\":\"\"}");
    struct buf b = {0};
    buf_str(&b, "<!DOCTYPE r [<!ENTITY a0 \"0123456789\">");
    for (int i = 1; i < 30; i++) {
        buf_fmt(&b, "<!ENTITY a%d \"", i);
        for (int k = 0; k < 10; k++) buf_fmt(&b, "&a%d;", i - 1);
        buf_str(&b, "\">");
    }
    buf_str(&b, "]><r>&a29;</r>");
    one_xml(buf_text(&b), NULL);
    b.n = 0;
    for (int i = 0; i < 300; i++) buf_str(&b, "<a>");
    one_xml(buf_text(&b), NULL);
    buf_free(&b);
}

/* ---- records ---- */

static int gather(void *ctx, struct sv text, const char *reason, struct err *e) {
    struct buf *b = ctx;
    (void)e;
    if (b->n) buf_chr(b, '\n');
    if (reason) buf_fmt(b, "!%s ", reason);
    buf_sv(b, text);
    return ERR_OK;
}

static bool var(void *ctx, const char *name, struct buf *out) {
    (void)ctx;
    if (strcmp(name, "v") != 0) return false;
    buf_str(out, "\"of the request\"");
    return true;
}

static void one_records(const struct ex_def *d, const char *body, const char *type, const char *want) {
    struct extractor *x = extractor_new();
    struct err e = {0};
    struct buf got = {0};
    char why[EX_WHY] = "";
    size_t n;
    assert_int_equal(extractor_prepare(x, d, &e), ERR_OK);
    struct ex_doc doc = {
        .body = sv_of(body), .content_type = type, .url = "http://h/a/b?c", .var = var, .max = 1 << 20};
    for (int i = 0; i < 2; i++) { /* twice: nothing of the first answer is left */
        got.n = 0;
        if (!extractor_open(x, d, &doc, why))
            buf_str(&got, why);
        else if (extractor_records(x, gather, &got, &n, &e))
            buf_str(&got, e.msg);
        assert_string_equal(buf_text(&got), want);
    }
    buf_free(&got);
    extractor_free(x);
}

static void test_json(void **state) {
    (void)state;
    struct ex_take f[] = {{.name = "a", .kind = EX_AT, .what = "/a"},
                          {.name = "t", .kind = EX_AT, .what = "/total", .root = true},
                          {.name = "u", .kind = EX_AT, .what = "/u", .url = true},
                          {.name = "v", .kind = EX_VAR, .what = "v"}};
    struct ex_def d = {.format = EX_JSON, .each = "/l", .fields = f, .nfields = 4};
    one_records(
        &d, "{\"total\": 7, \"l\": [{\"a\": [1, {\"b\" : \"x y\"}], \"u\": \"../c?x=1&amp;y=%20\"}, {\"u\": null}]}",
        NULL,
        "{\"a\":[1,{\"b\":\"x y\"}],\"t\":7,\"u\":\"http://h/c?x=1&y=%20\",\"v\":\"of the request\"}\n"
        "{\"a\":null,\"t\":7,\"u\":null,\"v\":\"of the request\"}");
    one_records(&d, "{\"l\": []}", NULL, "");
    one_records(&d, "{\"l\": {\"a\": 1}}", NULL, "{\"a\":1,\"t\":null,\"u\":null,\"v\":\"of the request\"}");
    one_records(&d, "{\"m\": 1}", NULL, "the answer has nothing at /l");
    one_records(&d, "<html>", "application/json", "expected JSON, the answer is HTML or XML");
    one_records(&d, "", NULL, "expected JSON, the answer is empty");
    struct ex_def raw = {.each = "/l", .add = &f[3], .nadd = 1};
    one_records(&raw, "{\"l\":[{\"x\": 1.50 , \"y\":\"a\\n\\\"b\"},{}]}", NULL,
                "{\"x\":1.50,\"y\":\"a\\n\\\"b\",\"v\":\"of the request\"}\n{\"v\":\"of the request\"}");
}

static void test_html(void **state) {
    (void)state;
    static const char *labels[] = {"정식 부품명", "상품명"};
    struct ex_take other = {.kind = EX_JSON_LD, .what = "/description"};
    struct ex_take f[] = {{.name = "name", .kind = EX_PAIR, .labels = {labels, 2}, .required = true},
                          {.name = "note", .kind = EX_SELECT, .what = "p.note", .otherwise = &other},
                          {.name = "no", .kind = EX_SELECT, .what = "a", .attr = "href", .match = "(\\d+)$"},
                          {.name = "all", .kind = EX_SELECT, .what = "i", .all = true}};
    struct ex_def d = {.format = EX_HTML,
                       .pair_each = "div.d table tr",
                       .pair_key = "th",
                       .pair_value = "td",
                       .fields = f,
                       .nfields = 4};
    one_records(&d,
                "<table><tr><th>상품명<td>no</table><div class=' x d'><table><tr class=displaynone><th> 상품명 "
                ":<td>휠<br>A<br><br>"
                "B<br><input value=1></td></table></div><a href=/p/12>x</a><script "
                "type=application/ld+json>{\"description\":\"line\n"
                "two\"}</script><i>1</i><i> 2&nbsp;3 </i>",
                "text/html", "{\"name\":\"휠 / A / B\",\"note\":\"line two\",\"no\":\"12\",\"all\":[\"1\",\"2 3\"]}");
    one_records(&d, "plain", "text/html", "!no name {\"name\":null}");
    struct ex_def each = {.format = EX_HTML, .each = "li", .fields = &f[2], .nfields = 1};
    one_records(&each, "<ul><li><a href=1>a</a><li>b</ul>", NULL, "{\"no\":\"1\"}\n{\"no\":null}");
}

static void test_mistakes(void **state) {
    (void)state;
    struct extractor *x = extractor_new();
    struct err e = {0};
    struct ex_def d = {.each = "a[["};
    assert_int_equal(extractor_prepare(x, &d, &e), ERR_CONFIG);
    struct ex_take t = {.kind = EX_AT, .what = "", .match = "(unclosed"};
    assert_int_equal(extractor_prepare_take(x, &t, &e), ERR_CONFIG);
    extractor_free(x);
}

static void test_url(void **state) {
    (void)state;
    static const char *const cases[][3] = {
        {"http://h/a/b/c", "../../../x", "http://h/x"}, {"http://h/a", "//g/x", "http://g/x"},
        {"http://h/a?b", "?c=d", "http://h/a?c=d"},     {"http://h/a", "한 글", "http://h/%ED%95%9C%20%EA%B8%80"},
        {"http://h/a", "x#part", "http://h/x"},         {"https://h:8443/a", "/b", "https://h:8443/b"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf b = {0};
        assert_true(url_resolve(cases[i][0], cases[i][1], &b));
        assert_string_equal(buf_text(&b), cases[i][2]);
        buf_free(&b);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_charset),  cmocka_unit_test(test_xml),
                                       cmocka_unit_test(test_json),     cmocka_unit_test(test_html),
                                       cmocka_unit_test(test_mistakes), cmocka_unit_test(test_url)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Tests of what needs no network: addresses, robots.txt, origins. The engine itself: testdata/e2e/web_*. */
#include <setjmp.h>

#include "net/http.h"
/* cmocka needs setjmp.h before it */
#include <arpa/inet.h>
#include <cmocka.h>
#include <sys/socket.h>

static bool is_private(const char *text) {
    struct sockaddr_in six4 = {.sin_family = AF_INET};
    struct sockaddr_in6 six6 = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, text, &six4.sin_addr) == 1) return address_is_private((struct sockaddr *)&six4);
    assert_int_equal(inet_pton(AF_INET6, text, &six6.sin6_addr), 1);
    return address_is_private((struct sockaddr *)&six6);
}

static void test_addresses(void **state) {
    (void)state;
    static const char *const inside[] = {
        "0.0.0.0",          "10.1.2.3",        "100.64.0.1",   "127.0.0.1",   "127.255.255.255",
        "169.254.1.1",      "172.16.0.1",      "172.31.9.9",   "192.168.0.1", "198.18.0.1",
        "224.0.0.1",        "255.255.255.255", "192.0.2.1",    "::",          "::1",
        "fe80::1",          "fc00::1",         "fd12::1",      "ff02::1",     "::ffff:10.0.0.1",
        "::ffff:127.0.0.1", "64:ff9b::a00:1",  "2002:a00:1::", "2001:db8::1"};
    static const char *const outside[] = {"1.1.1.1",        "172.32.0.1",       "192.169.0.1",
                                          "100.128.0.1",    "223.255.255.255",  "2606:4700::1111",
                                          "::ffff:1.1.1.1", "64:ff9b::101:101", "2002:101:101::"};
    for (size_t i = 0; i < sizeof inside / sizeof *inside; i++) assert_true(is_private(inside[i]));
    for (size_t i = 0; i < sizeof outside / sizeof *outside; i++) assert_false(is_private(outside[i]));
}

static void one_robots(const char *text, const char *path, bool allowed) {
    struct robots *r = robots_parse(text, strlen(text), "etl");
    assert_int_equal(robots_allows(r, path), allowed);
    robots_free(r);
}

static void test_robots(void **state) {
    (void)state;
    one_robots("", "/x", true);
    one_robots("User-agent: *\nDisallow: /", "/x", false);
    one_robots("User-agent: *\nDisallow: /", "/robots.txt", true);
    one_robots("User-agent: *\nDisallow:", "/x", true);
    one_robots("user-agent: * # all\r\ndisallow: /a # not this\r\n", "/ab", false);
    one_robots("User-agent: *\nDisallow: /\nUser-agent: ETL/1.0\nAllow: /\n", "/x", true);
    one_robots("User-agent: other\nUser-agent: etl\nDisallow: /a\n\nUser-agent: *\nDisallow: /b", "/b", true);
    one_robots("User-agent: other\nUser-agent: etl\nDisallow: /a\n\nUser-agent: *\nDisallow: /b", "/a", false);
    /* the longest match decides; of equal ones, Allow */
    one_robots("User-agent: *\nDisallow: /a\nAllow: /a/b", "/a/b/c", true);
    one_robots("User-agent: *\nAllow: /a\nDisallow: /a/b", "/a/b/c", false);
    one_robots("User-agent: *\nDisallow: /a\nAllow: /a", "/a", true);
    one_robots("User-agent: *\nDisallow: /*.php$", "/x/y.php", false);
    one_robots("User-agent: *\nDisallow: /*.php$", "/x/y.php?a", true);
    one_robots("User-agent: *\nDisallow: /a*b*c", "/axxbyyc/d", false);
    one_robots("Disallow: /", "/x", true); /* of no group */
    static const char slow[] = "User-agent: *\nCrawl-delay: 2.5\n";
    struct robots *r = robots_parse(slow, sizeof slow - 1, "etl");
    assert_true(robots_delay(r) > 2.4 && robots_delay(r) < 2.6);
    robots_free(r);
    struct buf b = {0};
    buf_str(&b, "User-agent: *\nDisallow: /");
    for (int i = 0; i < 500; i++) buf_str(&b, "*a");
    buf_str(&b, "b\n");
    struct buf path = {0};
    for (int i = 0; i < 5000; i++) buf_str(&path, i ? "a" : "/");
    r = robots_parse(b.p, b.n, "etl"); /* ends in time */
    assert_true(robots_allows(r, buf_text(&path)));
    robots_free(r);
    buf_free(&b);
    buf_free(&path);
}

static void test_origins(void **state) {
    (void)state;
    char o[300];
    assert_true(http_origin("HTTP://Example.COM/x?y", o, sizeof o));
    assert_string_equal(o, "http://example.com:80");
    assert_true(http_origin("https://u:p@h/x", o, sizeof o));
    assert_string_equal(o, "https://h:443");
    assert_true(http_origin("http://[::1]:81/", o, sizeof o));
    assert_string_equal(o, "http://[::1]:81");
    assert_false(http_origin("file:///etc/passwd", o, sizeof o));
    assert_false(http_origin("gopher://x/", o, sizeof o));
    assert_false(http_origin("/x", o, sizeof o));
    assert_false(http_origin("", o, sizeof o));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_addresses), cmocka_unit_test(test_robots),
                                       cmocka_unit_test(test_origins)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

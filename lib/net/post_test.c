/* Retry-After in its two forms, and which hosts are this machine. */
#include "net/post.h"

#include <setjmp.h>

#include <cmocka.h>

static void retry_after(void **state) {
    (void)state;
    int64_t now = 784111777; /* Sun, 06 Nov 1994 08:49:37 GMT: RFC 9110's own example */
    assert_int_equal(net_retry_after("120", now), 120);
    assert_int_equal(net_retry_after(" 7\r\n", now), 7);
    assert_int_equal(net_retry_after("0", now), 0);
    assert_int_equal(net_retry_after("-5", now), 0);
    assert_int_equal(net_retry_after("", now), 0);
    assert_int_equal(net_retry_after("soon", now), 0);
    assert_int_equal(net_retry_after("12 monkeys", now), 0);
    assert_int_equal(net_retry_after("Sun, 06 Nov 1994 08:50:37 GMT", now), 60);
    assert_int_equal(net_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", now), 0);
    assert_int_equal(net_retry_after("Sun, 06 Nov 1994 08:00:00 GMT", now), 0); /* past */
}

static void local_hosts(void **state) {
    (void)state;
    static const char *const here[] = {"smtp://localhost", "smtp://127.0.0.1:25", "smtps://[::1]:465",
                                       "smtp://me:pw@localhost:587"};
    static const char *const away[] = {"smtp://127.0.0.1.evil.example",
                                       "smtp://localhost.evil.example:25",
                                       "smtp://localhost@evil.example",
                                       "smtp://evil.example/?://localhost",
                                       "",
                                       "nonsense"};
    for (size_t i = 0; i < sizeof here / sizeof *here; i++) assert_true(net_is_local(here[i]));
    for (size_t i = 0; i < sizeof away / sizeof *away; i++) assert_false(net_is_local(away[i]));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(retry_after), cmocka_unit_test(local_hosts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

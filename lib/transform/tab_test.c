/* Cells: numbers come out as they went in, computed ones as printf has them with 15 digits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "base/rng.h"
#include "transform/tab.h"

static void as_written(void **state) {
    static const char *const texts[] = {"0",
                                        "-1",
                                        "127.583861",
                                        "9.8100",
                                        "-0.05",
                                        "0.000",
                                        "1e5",
                                        "-0",
                                        "-0.0",
                                        "12345678901234567890",
                                        "1E-7",
                                        "0.1234567890123456789",
                                        "1768435200000",
                                        "\"x y\"",
                                        "null",
                                        "[1,2]",
                                        "true"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char text[64] = "", packed[64];
        struct tcell c = tcell_json(texts[i], strlen(texts[i])), back;
        assert_true(tcell_written(&c) < sizeof text && tcell_packed(&c) <= sizeof packed);
        *tcell_write(text, &c) = 0;
        assert_string_equal(text, texts[i]);
        if (tcell_is_number(&c)) assert_true(c.num == strtod(texts[i], NULL));
        assert_ptr_equal(tcell_pack(packed, &c), packed + tcell_packed(&c));
        assert_ptr_equal(tcell_unpack(&back, packed), packed + tcell_packed(&c));
        *tcell_write(text, &back) = 0;
        assert_string_equal(text, texts[i]);
        if (tcell_is_number(&c)) assert_true(back.num == c.num);
    }
    struct tcell far = tcell_json("1e400", 5);
    assert_false(tcell_is_number(&far)); /* nothing can be computed with it */
}

static void computed(void **state) {
    struct rng r;
    (void)state;
    rng_seed(&r, 11);
    for (int i = 0; i < 300000; i++) {
        double x = (double)(rng_next(&r) >> 11) / 9007199254740992.0 * pow(10, (int)rng_below(&r, 24) - 8);
        if (i % 2) x = -x;
        if (i % 5 == 0) x = round(x * 100) / 100;
        char got[TCELL_ROOM + 1];
        struct tcell c = tcell_real(x);
        got[tcell_number(got, &c)] = 0;
        double back = strtod(got, NULL);
        if (fabs(back - x) > 5.1e-15 * fabs(x)) fail_msg("%.17g: %s", x, got);
        if (!memchr(got, 'e', strlen(got)) && strlen(got) > 23) fail_msg("%.17g: %s is long", x, got);
    }
    char got[TCELL_ROOM + 1];
    const struct {
        double x;
        const char *text;
    } known[] = {{0, "0"},
                 {1, "1"},
                 {-0.5, "-0.5"},
                 {0.1 + 0.2, "0.3"},
                 {1e13, "10000000000000"},
                 {2.0 / 3, "0.666666666666667"},
                 {99999999999999.0, "99999999999999"},
                 {0.000001, "0.000001"},
                 {9.99999999999999999, "10"},
                 {NAN, "null"}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        struct tcell c = tcell_real(known[i].x);
        got[tcell_number(got, &c)] = 0;
        assert_string_equal(got, known[i].text);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(as_written), cmocka_unit_test(computed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

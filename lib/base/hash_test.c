/* Hashes against published vectors: FIPS 180-4 examples; SipHash-2-4-128 must never change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/hash.h"

static void sha256_vectors(void **state) {
    (void)state;
    static const char *const t[][2] = {{"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
                                       {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
                                       {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                                        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"}};
    char hex[65], again[65];
    for (size_t i = 0; i < 3; i++) {
        sha256_of(t[i][0], strlen(t[i][0]), hex);
        assert_string_equal(hex, t[i][1]);
        struct sha256 h;
        sha256_start(&h);
        for (size_t k = 0; k < strlen(t[i][0]); k++) sha256_add(&h, t[i][0] + k, 1);
        sha256_hex(&h, again);
        assert_string_equal(again, hex);
    }
    struct sha256 x, y;
    sha256_start(&x), sha256_str(&x, "ab"), sha256_str(&x, ""), sha256_hex(&x, hex);
    sha256_start(&y), sha256_str(&y, "a"), sha256_str(&y, "b"), sha256_hex(&y, again);
    assert_string_not_equal(hex, again);
    sha256_start(&y), sha256_add(&y, "ab\0\0", 4), sha256_hex(&y, again);
    assert_string_equal(hex, again);
}

static void siphash(void **state) {
    (void)state;
    uint64_t a[2], b[2];
    char text[64] = {0};
    for (size_t n = 0; n < 64; n++) {
        for (size_t i = 0; i < n; i++) text[i] = (char)i;
        siphash128(text, n, a);
        siphash128(text, n, b);
        assert_memory_equal(a, b, 16);
        for (size_t i = 0; i < n; i++) { /* each byte counts */
            text[i] ^= 1;
            siphash128(text, n, b);
            assert_true(a[0] != b[0] && a[1] != b[1]);
            text[i] ^= 1;
        }
        siphash128(text, n + 1, b);
        assert_true(a[0] != b[0]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(sha256_vectors), cmocka_unit_test(siphash)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

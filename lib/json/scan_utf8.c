/*
 * See scan_fast.h: is the text UTF-8? Table 3-7 of the Unicode standard, a character at a time; or with AVX2 by the
 * lookup algorithm of Keiser and Lemire ("Validating UTF-8 In Less Than One Instruction Per Byte", 2021): each byte
 * and the one before it are looked up by their halves in three tables, and the errors that all three name are there.
 */
#include "json/scan_fast.h"

#ifdef SCAN_X86
#include <immintrin.h>
#endif

int scan_utf8_len(const char *p, const char *end) {
    const unsigned char *u = (const unsigned char *)p;
    size_t left = (size_t)(end - p);
#define CONT(k) ((u[k] & 0xC0) == 0x80)
    if (u[0] >= 0xC2 && u[0] <= 0xDF) return left >= 2 && CONT(1) ? 2 : 0;
    if (u[0] >= 0xE0 && u[0] <= 0xEF) {
        if (left < 3 || !CONT(1) || !CONT(2)) return 0;
        if (u[0] == 0xE0 && u[1] < 0xA0) return 0;
        if (u[0] == 0xED && u[1] > 0x9F) return 0;
        return 3;
    }
    if (u[0] >= 0xF0 && u[0] <= 0xF4) {
        if (left < 4 || !CONT(1) || !CONT(2) || !CONT(3)) return 0;
        if (u[0] == 0xF0 && u[1] < 0x90) return 0;
        if (u[0] == 0xF4 && u[1] > 0x8F) return 0;
        return 4;
    }
#undef CONT
    return 0;
}

bool scan_utf8_plain(const char *text, size_t len) {
    const char *p = text, *end = text + len;
    while (p < end) {
        uint64_t x;
        if (end - p >= 8 && (memcpy(&x, p, 8), !(x & 0x8080808080808080u))) {
            p += 8;
        } else if (!(*p & 0x80)) {
            p++;
        } else {
            int n = scan_utf8_len(p, end);
            if (!n) return false;
            p += n;
        }
    }
    return true;
}

#ifdef SCAN_X86
/* What can be wrong with two bytes that follow each other; a bit of each. */
enum {
    TOO_SHORT = 1,      /* a lead byte, then no continuation */
    TOO_LONG = 2,       /* ASCII, then a continuation */
    OVERLONG_3 = 4,     /* E0 80..9F */
    TOO_LARGE = 8,      /* F4 90 and above */
    SURROGATE = 16,     /* ED A0..BF */
    OVERLONG_2 = 32,    /* C0, C1 */
    OVERLONG_4 = 64,    /* F0 80..8F */
    TWO_CONTS = 128,    /* right or wrong depending on what stands before */
    TOO_LARGE_1000 = 64 /* F5 and above, 80..8F: shares its bit with OVERLONG_4 */
};
#define CARRY (TOO_SHORT | TOO_LONG | TWO_CONTS) /* do not depend on the low half of the first byte */
#define ROW(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p)                                                            \
    _mm256_setr_epi8((char)(a), (char)(b), (char)(c), (char)(d), (char)(e), (char)(f), (char)(g), (char)(h),           \
                     (char)(i), (char)(j), (char)(k), (char)(l), (char)(m), (char)(n), (char)(o), (char)(p),           \
                     (char)(a), (char)(b), (char)(c), (char)(d), (char)(e), (char)(f), (char)(g), (char)(h),           \
                     (char)(i), (char)(j), (char)(k), (char)(l), (char)(m), (char)(n), (char)(o), (char)(p))

/* x moved up by n bytes, filled from the end of the 32 bytes before it. */
#define BEFORE(n, x, prev) _mm256_alignr_epi8(x, _mm256_permute2x128_si256(prev, x, 0x21), 16 - (n))

SCAN_AVX2 static inline __m256i high_half(__m256i x) {
    return _mm256_and_si256(_mm256_srli_epi16(x, 4), _mm256_set1_epi8(0x0F));
}

SCAN_AVX2 static inline __m256i faults(__m256i x, __m256i prev) {
    const __m256i first_high =
        ROW(TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TWO_CONTS, TWO_CONTS,
            TWO_CONTS, TWO_CONTS, TOO_SHORT | OVERLONG_2, TOO_SHORT, TOO_SHORT | OVERLONG_3 | SURROGATE,
            TOO_SHORT | TOO_LARGE | TOO_LARGE_1000 | OVERLONG_4);
    const __m256i first_low =
        ROW(CARRY | OVERLONG_3 | OVERLONG_2 | OVERLONG_4, CARRY | OVERLONG_2, CARRY, CARRY, CARRY | TOO_LARGE,
            CARRY | TOO_LARGE | TOO_LARGE_1000, CARRY | TOO_LARGE | TOO_LARGE_1000, CARRY | TOO_LARGE | TOO_LARGE_1000,
            CARRY | TOO_LARGE | TOO_LARGE_1000, CARRY | TOO_LARGE | TOO_LARGE_1000, CARRY | TOO_LARGE | TOO_LARGE_1000,
            CARRY | TOO_LARGE | TOO_LARGE_1000, CARRY | TOO_LARGE | TOO_LARGE_1000,
            CARRY | TOO_LARGE | TOO_LARGE_1000 | SURROGATE, CARRY | TOO_LARGE | TOO_LARGE_1000,
            CARRY | TOO_LARGE | TOO_LARGE_1000);
    const __m256i second_high =
        ROW(TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT,
            TOO_LONG | OVERLONG_2 | TWO_CONTS | OVERLONG_3 | TOO_LARGE_1000 | OVERLONG_4,
            TOO_LONG | OVERLONG_2 | TWO_CONTS | OVERLONG_3 | TOO_LARGE,
            TOO_LONG | OVERLONG_2 | TWO_CONTS | SURROGATE | TOO_LARGE,
            TOO_LONG | OVERLONG_2 | TWO_CONTS | SURROGATE | TOO_LARGE, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT);
    __m256i one = BEFORE(1, x, prev), low = _mm256_set1_epi8(0x0F);
    __m256i pairs = _mm256_and_si256(_mm256_shuffle_epi8(first_high, high_half(one)),
                                     _mm256_and_si256(_mm256_shuffle_epi8(first_low, _mm256_and_si256(one, low)),
                                                      _mm256_shuffle_epi8(second_high, high_half(x))));
    /* the second byte after a lead of three or four, the third after one of four, must be continuations, and only they
     */
    __m256i third = _mm256_subs_epu8(BEFORE(2, x, prev), _mm256_set1_epi8(0x60));  /* E0 and above: high bit set */
    __m256i fourth = _mm256_subs_epu8(BEFORE(3, x, prev), _mm256_set1_epi8(0x70)); /* F0 and above */
    __m256i must = _mm256_and_si256(_mm256_or_si256(third, fourth), _mm256_set1_epi8((char)TWO_CONTS));
    return _mm256_xor_si256(must, pairs);
}

SCAN_AVX2 bool scan_utf8_avx2(const char *text, size_t len) {
    __m256i wrong = _mm256_setzero_si256(), prev = wrong;
    size_t at = 0;
    for (; at + 32 <= len; at += 32) {
        __m256i x = _mm256_loadu_si256((const __m256i *)(const void *)(text + at));
        wrong = _mm256_or_si256(wrong, faults(x, prev));
        prev = x;
    }
    char rest[32] = {0}; /* the zeros behind it also tell a character that is cut off */
    if (at < len) memcpy(rest, text + at, len - at);
    __m256i x = _mm256_loadu_si256((const __m256i *)(const void *)rest);
    wrong = _mm256_or_si256(wrong, faults(x, prev));
    return _mm256_testz_si256(wrong, wrong);
}
#endif

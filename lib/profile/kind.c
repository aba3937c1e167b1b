/* See kind.h. */
#include "profile/kind.h"

#include <float.h>
#include <math.h>

#include "base/day.h"
#include "json/number.h"

const char *const kind_names[KIND_COUNT] = {"integer", "number", "boolean", "date",   "timestamp", "uuid",
                                            "string",  "empty",  "null",    "object", "array"};
const char *const form_names[FORM_COUNT] = {"date", "date-time", "uuid", "email", "uri", "ipv4", "ipv6"};

/* Is it a number of the JSON grammar? */
static bool is_number(const char *p, size_t n, bool *whole) {
    const char *end = p + n;
    *whole = true;
    if (p < end && *p == '-') p++;
    if (p == end || !format_is_digit(*p)) return false;
    if (*p == '0' && p + 1 < end && format_is_digit(p[1])) return false;
    while (p < end && format_is_digit(*p)) p++;
    if (p < end && *p == '.') {
        *whole = false;
        if (++p == end || !format_is_digit(*p)) return false;
        while (p < end && format_is_digit(*p)) p++;
    }
    if (p < end && (*p | 32) == 'e') {
        *whole = false;
        p++;
        if (p < end && (*p == '+' || *p == '-')) p++;
        if (p == end || !format_is_digit(*p)) return false;
        while (p < end && format_is_digit(*p)) p++;
    }
    return p == end;
}

/* Digits of a number without an exponent as an integer; false where there are more than 18 or 27 places. */
static bool plain_digits(const char *p, size_t n, uint64_t *m, size_t *places) {
    size_t i = *p == '-', digits = 0;
    bool point = false;
    *m = *places = 0;
    for (; i < n; i++) {
        if (p[i] == '.') {
            point = true;
            continue;
        }
        if (!format_is_digit(p[i])) return false;
        *m = *m * 10 + (uint64_t)(p[i] - '0');
        digits += *m != 0;
        *places += point;
        if (digits > 18 || *places > 27) return false;
    }
    return true;
}

/*
 * m / 10^places to the nearest double. While both are exact as doubles, so is the rounding of the division (W. Clinger,
 * "How to read floating point numbers accurately", PLDI 1990). With 64 bits of mantissa both are exact for more
 * numbers, but the second rounding, to 53 bits, may go wrong where the first came to lie near the middle: those are
 * left to strtod.
 */
static bool divide(uint64_t m, size_t places, double *out) {
    static const double tens[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                  1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    if (m <= (uint64_t)1 << 53 && places <= 22) {
        *out = (double)m / tens[places];
        return true;
    }
#if LDBL_MANT_DIG == 64
    static const long double long_tens[] = {1e0L,  1e1L,  1e2L,  1e3L,  1e4L,  1e5L,  1e6L,  1e7L,  1e8L,  1e9L,
                                            1e10L, 1e11L, 1e12L, 1e13L, 1e14L, 1e15L, 1e16L, 1e17L, 1e18L, 1e19L,
                                            1e20L, 1e21L, 1e22L, 1e23L, 1e24L, 1e25L, 1e26L, 1e27L};
    long double q = (long double)m / long_tens[places];
    uint64_t mantissa;
    memcpy(&mantissa, &q, sizeof mantissa);
    uint64_t below = mantissa & 0x7FF; /* what a double has no room for; 0x400 is the middle */
    if (below >= 0x3FF && below <= 0x401) return false;
    *out = (double)q;
    return true;
#else
    return false;
#endif
}

double kind_number(const char *p, size_t n) {
    char small[64];
    uint64_t m;
    size_t places;
    double x;
    if (plain_digits(p, n, &m, &places) && divide(m, places, &x)) return *p == '-' && m ? -x : x; /* never -0 */
    char *text = n < sizeof small ? small : mem_grow(NULL, n + 1);
    memcpy(text, p, n);
    text[n] = 0;
    x = strtod(text, NULL);
    if (text != small) free(text);
    return x == 0 ? 0 : x;
}

enum kind kind_of_text(const char *p, size_t n, double *num, bool *zoned) {
    struct stamp st;
    bool whole;
    *num = 0;
    *zoned = false;
    if (!n) return KIND_EMPTY;
    if (*p == 't' && n == 4 && memcmp(p, "true", 4) == 0) return KIND_BOOLEAN;
    if (*p == 'f' && n == 5 && memcmp(p, "false", 5) == 0) return KIND_BOOLEAN;
    if (n == 36 && format_uuid(p, n)) return KIND_UUID;
    if (!format_is_digit(*p) && *p != '-') return KIND_STRING;
    if (is_number(p, n, &whole)) {
        *num = kind_number(p, n);
        return whole ? KIND_INTEGER : KIND_NUMBER;
    }
    if (n < 10 || n > 64 || p[4] != '-' || !stamp_parse((struct sv){p, n}, &st)) return KIND_STRING;
    *num = (double)(st.micros - (int64_t)st.zone * 1000000);
    *zoned = st.has_zone;
    return st.has_time ? KIND_TIMESTAMP : KIND_DATE;
}

#define EXPONENT_MOST                                                                                                  \
    1000000000000000 /* far below where number_parse stops counting; beyond, a text is left as it is */

/* A fraction that nothing is to be done about: a point, no exponent, no zero at the end, few behind the point. */
static bool is_canonical(const char *p, size_t n) {
    size_t i = *p == '-', zeros = 0;
    if (p[n - 1] == '0') return false;
    bool below_one = p[i] == '0';
    size_t whole = i;
    while (i < n && format_is_digit(p[i])) i++;
    if (i == n || p[i] != '.' || i - whole > 21) return false;
    for (i++; i < n && p[i] == '0'; i++) zeros++;
    for (; i < n; i++)
        if (!format_is_digit(p[i])) return false;
    return !below_one || zeros <= 5;
}

const char *kind_canonical(struct arena *a, const char *p, size_t n, size_t *len) {
    struct number x;
    struct buf b = {0};
    *len = n;
    if (is_canonical(p, n)) return p;
    number_parse(&x, p, n);
    if (x.top > EXPONENT_MOST || x.top < -EXPONENT_MOST) return p;
    if (x.neg) buf_chr(&b, '-');
    bool plain = x.top > -6 && x.top <= 21;
    if (!x.digits) buf_chr(&b, '0');
    if (x.digits && plain && x.top <= 0) buf_str(&b, "0.");
    for (int64_t k = x.top; x.digits && plain && k < 0; k++) buf_chr(&b, '0');
    int64_t digit = 0;
    for (uint32_t i = 0; i < x.n; i++) {
        if (x.d[i] == '.') continue;
        if (digit == (plain ? x.top : 1) && digit) buf_chr(&b, '.');
        buf_chr(&b, x.d[i]);
        digit++;
    }
    for (; x.digits && plain && digit < x.top; digit++) buf_chr(&b, '0');
    if (x.digits && !plain) buf_fmt(&b, "e%s%lld", x.top > 0 ? "+" : "", (long long)x.top - 1);
    *len = b.n;
    const char *s = arena_strn(a, buf_text(&b), b.n);
    buf_free(&b);
    return s;
}

static bool conforms(int form, const char *p, size_t n) {
    switch (form) {
    case FORM_EMAIL:
        return n <= 320 && memchr(p, '@', n) && format_email(p, n);
    case FORM_URI:
        return memchr(p, ':', n) && format_uri(p, n);
    case FORM_IPV4:
        return n <= 15 && format_ipv4(p, n);
    default:
        return n <= 45 && memchr(p, ':', n) && format_ipv6(p, n);
    }
}

unsigned kind_forms(enum kind k, const char *p, size_t n, unsigned among) {
    static format_fn *date_time;
    if (k == KIND_DATE) return among & 1u << FORM_DATE & (n == 10 ? ~0u : 0);
    if (k == KIND_UUID) return among & 1u << FORM_UUID;
    if (k == KIND_TIMESTAMP) {
        if (!(among & 1u << FORM_DATE_TIME)) return 0;
        format_fn *fn = __atomic_load_n(&date_time, __ATOMIC_RELAXED);
        if (!fn) {
            fn = format_find(SV("date-time"));
            __atomic_store_n(&date_time, fn, __ATOMIC_RELAXED);
        }
        return fn(p, n) ? 1u << FORM_DATE_TIME : 0;
    }
    unsigned left = among & (1u << FORM_EMAIL | 1u << FORM_URI | 1u << FORM_IPV4 | 1u << FORM_IPV6);
    for (int f = FORM_EMAIL; f <= FORM_IPV6; f++)
        if (left & 1u << f && !conforms(f, p, n)) left &= ~(1u << f);
    return left;
}

/* See format_idn.h: punycode, RFC 3492. */
#include "json/format_idn.h"

enum { BASE = 36, TMIN = 1, TMAX = 26, SKEW = 38, DAMP = 700, FIRST_N = 128, FIRST_BIAS = 72 };

static uint32_t adapt(uint32_t delta, uint32_t points, bool first) {
    uint32_t k = 0;
    delta = first ? delta / DAMP : delta / 2;
    for (delta += delta / points; delta > (BASE - TMIN) * TMAX / 2; k += BASE) delta /= BASE - TMIN;
    return k + (BASE - TMIN + 1) * delta / (delta + SKEW);
}

static uint32_t threshold(uint32_t k, uint32_t bias) {
    return k <= bias ? TMIN : k >= bias + TMAX ? TMAX : k - bias;
}

/* One variable-length integer; moves *s. */
static bool read_delta(const char **s, const char *end, uint32_t bias, uint32_t *delta) {
    uint64_t i = 0, w = 1;
    for (uint32_t k = BASE;; k += BASE) {
        if (*s == end) return false;
        char c = *(*s)++;
        uint32_t digit = format_is_digit(c) ? (uint32_t)(c - '0') + 26 : (uint32_t)((c | 32) - 'a');
        if (digit >= BASE) return false;
        i += digit * w;
        if (i > 0x7FFFFFFF) return false;
        uint32_t t = threshold(k, bias);
        if (digit < t) break;
        w *= BASE - t;
        if (w > 0x7FFFFFFF) return false;
    }
    *delta = (uint32_t)i;
    return true;
}

size_t format_puny_decode(const char *s, size_t n, uint32_t out[LABEL_MAX]) {
    const char *end = s + n, *dash = n ? memrchr(s, '-', n) : NULL;
    size_t have = 0;
    if (n > LABEL_MAX) return 0;
    if (dash) {
        for (; s < dash; s++) out[have++] = (unsigned char)*s | (format_is_alpha(*s) ? 32u : 0u);
        s++;
    }
    uint32_t code = FIRST_N, bias = FIRST_BIAS, i = 0;
    if (s == end) return 0; /* nothing beyond ASCII in it: it would not have been encoded */
    while (s < end) {
        uint32_t delta;
        if (have == LABEL_MAX || !read_delta(&s, end, bias, &delta)) return 0;
        uint32_t points = (uint32_t)have + 1;
        bias = adapt(delta, points, i == 0); /* i is 0 only the first time */
        i += delta;
        code += i / points;
        i %= points;
        if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return 0;
        memmove(out + i + 1, out + i, (have - i) * sizeof *out);
        out[i++] = code;
        have++;
    }
    return have;
}

static void put(char *out, size_t *len, uint32_t digit) {
    if (*len < LABEL_MAX) out[*len] = (char)(digit < 26 ? 'a' + digit : '0' + digit - 26);
    ++*len;
}

static void write_delta(char *out, size_t *len, uint32_t delta, uint32_t bias) {
    for (uint32_t k = BASE;; k += BASE) {
        uint32_t t = threshold(k, bias);
        if (delta < t) break;
        put(out, len, t + (delta - t) % (BASE - t));
        delta = (delta - t) / (BASE - t);
    }
    put(out, len, delta);
}

size_t format_puny_encode(const uint32_t *cp, size_t n, char out[LABEL_MAX]) {
    size_t len = 0;
    if (n > LABEL_MAX) return LABEL_MAX + 1;
    for (size_t k = 0; k < n; k++)
        if (cp[k] < 0x80) out[len++] = (char)cp[k];
    size_t done = len;
    if (len && len < LABEL_MAX) out[len] = '-';
    len += len > 0;
    uint32_t code = FIRST_N, bias = FIRST_BIAS, delta = 0, basic = (uint32_t)done;
    for (; done < n && len <= LABEL_MAX; code++, delta++) {
        uint32_t next = UINT32_MAX;
        for (size_t k = 0; k < n; k++)
            if (cp[k] >= code && cp[k] < next) next = cp[k];
        delta += (next - code) * (uint32_t)(done + 1); /* at most 0x10FFFF x 64 */
        code = next;
        for (size_t k = 0; k < n; k++) {
            if (cp[k] < code) delta++;
            if (cp[k] != code) continue;
            write_delta(out, &len, delta, bias);
            bias = adapt(delta, (uint32_t)done + 1, done == basic);
            delta = 0;
            done++;
        }
    }
    return len;
}

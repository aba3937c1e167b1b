/*
 * See format.h: internationalized host names, RFC 5890 to 5892.
 *
 * Which code points may stand in a label follows from their properties; PCRE2
 * carries the Unicode tables, so the rules are two expressions:
 *
 *   allowed    letters, marks and digits without the exceptions of RFC 5892 2.6
 *   misplaced  a mark at the beginning, or a code point whose context (RFC
 *              5892 appendix A) is missing
 *
 * What RFC 5892 calls unstable (changed by NFKC or case folding) is
 * approximated: upper case and the blocks of compatibility forms.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "json/format.h"

#include <pcre2.h>
#include <pthread.h>
#include <strings.h>

#define HOST_MAX 253
#define LABEL_MAX 63

/* Compatibility forms, ignorable code points and old Hangul jamo among the letters. */
#define UNSTABLE                                                                                                       \
    "\\x{aa}\\x{ba}\\x{132}-\\x{133}\\x{13f}-\\x{140}\\x{149}\\x{17f}\\x{1c4}-\\x{1cc}\\x{1f1}-\\x{1f3}\\x{2b0}-\\x{"  \
    "2b8}"                                                                                                             \
    "\\x{2e0}-\\x{2e4}\\x{340}\\x{341}\\x{343}-\\x{345}\\x{34f}\\x{37a}\\x{3d0}-\\x{3d6}\\x{3f0}-\\x{3f2}\\x{3f5}\\x{" \
    "587}"                                                                                                             \
    "\\x{675}-\\x{678}\\x{958}-\\x{95f}\\x{9dc}\\x{9dd}\\x{9df}\\x{a33}\\x{a36}\\x{a59}-\\x{a5b}\\x{a5e}\\x{b5c}\\x{"  \
    "b5d}"                                                                                                             \
    "\\x{e33}\\x{eb3}\\x{edc}\\x{edd}\\x{f0c}\\x{f43}\\x{f4d}\\x{f52}\\x{f57}\\x{f5c}\\x{f69}\\x{f73}\\x{f75}-\\x{"    \
    "f79}"                                                                                                             \
    "\\x{f81}\\x{10fc}\\x{1100}-\\x{11ff}\\x{17b4}\\x{17b5}\\x{180b}-\\x{180f}\\x{1d2c}-\\x{1d2e}\\x{1d30}-\\x{1d3a}"  \
    "\\x{1d3c}-\\x{1d4d}\\x{1d4f}-\\x{1d6a}\\x{1d78}\\x{1d9b}-\\x{1dbf}\\x{1e9a}\\x{1e9b}\\x{1f71}\\x{1f73}\\x{1f75}"  \
    "\\x{1f77}\\x{1f79}\\x{1f7b}\\x{1f7d}\\x{1fbe}\\x{2071}\\x{207f}\\x{2090}-\\x{209c}\\x{20d0}-\\x{20ff}"            \
    "\\x{2100}-\\x{214d}\\x{2c7c}\\x{2c7d}\\x{2d6f}\\x{3131}-\\x{318f}\\x{a69c}\\x{a69d}\\x{a770}\\x{a7f2}-\\x{a7f4}"  \
    "\\x{a7f8}\\x{a7f9}\\x{a960}-\\x{a97f}\\x{ab5c}-\\x{ab5f}\\x{ab69}\\x{d7b0}-\\x{d7ff}\\x{f900}-\\x{fa0d}"          \
    "\\x{fa10}\\x{fa12}\\x{fa15}-\\x{fa1e}\\x{fa20}\\x{fa22}\\x{fa25}\\x{fa26}\\x{fa2a}-\\x{fdff}\\x{fe00}-\\x{fe0f}"  \
    "\\x{fe70}-\\x{feff}\\x{ff00}-\\x{ffef}\\x{1d15e}-\\x{1d164}\\x{1d400}-\\x{1d7ff}\\x{1ee00}-\\x{1eeff}"            \
    "\\x{2f800}-\\x{2fa1f}\\x{e0100}-\\x{e01ef}"
#define DISALLOWED "\\x{640}\\x{7fa}\\x{302e}\\x{302f}\\x{3031}-\\x{3035}\\x{303b}"
/* Allowed though they are no letters, and those that ask for a context. */
#define EXCEPTIONS "\\x{6fd}\\x{6fe}\\x{f0b}\\x{3007}"
#define CONTEXT "\\x{b7}\\x{375}\\x{5f3}\\x{5f4}\\x{30fb}\\x{200c}\\x{200d}"

/* Canonical combining class 9. */
#define VIRAMA                                                                                                         \
    "[\\x{94d}\\x{9cd}\\x{a4d}\\x{acd}\\x{b4d}\\x{bcd}\\x{c4d}\\x{ccd}\\x{d3b}\\x{d3c}\\x{d4d}\\x{dca}\\x{e3a}\\x{"    \
    "eba}"                                                                                                             \
    "\\x{f84}\\x{1039}\\x{103a}\\x{1714}\\x{1715}\\x{1734}\\x{17d2}\\x{1a60}\\x{1b44}\\x{1baa}\\x{1bab}\\x{1bf2}\\x{"  \
    "1bf3}"                                                                                                            \
    "\\x{2d7f}\\x{a806}\\x{a82c}\\x{a8c4}\\x{a953}\\x{a9c0}\\x{aaf6}\\x{abed}\\x{10a3f}\\x{11046}\\x{11070}\\x{1107f}" \
    "\\x{110b9}\\x{11133}\\x{11134}\\x{111c0}\\x{11235}\\x{112ea}\\x{1134d}\\x{11442}\\x{114c2}\\x{115bf}\\x{1163f}"   \
    "\\x{116b6}\\x{1172b}\\x{11839}\\x{1193d}\\x{1193e}\\x{119e0}\\x{11a34}\\x{11a47}\\x{11a99}\\x{11c3f}\\x{11d44}"   \
    "\\x{11d45}\\x{11d97}]"
/* Letters of the joining scripts; those that join only to the right (Joining_Type R) or never. */
#define JOINING "\\p{sc:Arabic}\\p{sc:Syriac}\\p{sc:Nko}\\p{sc:Mongolian}\\p{sc:Mandaic}\\p{sc:Phags_Pa}\\p{sc:Adlam}"
#define RIGHT_ONLY                                                                                                     \
    "\\x{621}-\\x{625}\\x{627}\\x{629}\\x{62f}-\\x{632}\\x{648}\\x{671}-\\x{677}\\x{688}-\\x{699}\\x{6c0}\\x{6c3}-"    \
    "\\x{6cb}"                                                                                                         \
    "\\x{6cd}\\x{6cf}\\x{6d2}\\x{6d3}\\x{6d5}\\x{6ee}\\x{6ef}\\x{710}\\x{715}-\\x{719}\\x{71e}\\x{728}\\x{72a}\\x{"    \
    "72c}"                                                                                                             \
    "\\x{72f}\\x{74d}\\x{759}-\\x{75b}\\x{76b}\\x{76c}\\x{771}\\x{773}\\x{774}\\x{778}\\x{779}"
#define NEVER "\\x{621}\\x{674}"
#define JOIN_BEFORE "(?![" RIGHT_ONLY "])[" JOINING "](?<=\\p{L})"
#define JOIN_AFTER "(?![" NEVER "])[" JOINING "](?<=\\p{L})"

static const char allowed_text[] =
    "\\A(?:(?![" UNSTABLE DISALLOWED "])(?:[\\p{Ll}\\p{Lo}\\p{Lm}\\p{Mn}\\p{Mc}\\p{Nd}" EXCEPTIONS CONTEXT "]|-))+\\z";
static const char misplaced_text[] = "\\A\\p{M}"
                                     "|\\x{b7}(?!l)|(?<!l)\\x{b7}"
                                     "|\\x{375}(?!\\p{sc:Greek})"
                                     "|(?<!\\p{sc:Hebrew})[\\x{5f3}\\x{5f4}]"
                                     "|\\A(?=.*\\x{30fb})(?!.*[\\p{sc:Hiragana}\\p{sc:Katakana}\\p{sc:Han}])"
                                     "|\\A(?=.*[\\x{660}-\\x{669}])(?=.*[\\x{6f0}-\\x{6f9}])"
                                     "|(?<!" VIRAMA ")\\x{200d}";
/* Every zero width non-joiner that has its context; what remains of them afterwards is misplaced. */
static const char joiner_text[] = VIRAMA "\\K\\x{200c}|" JOIN_BEFORE "\\p{Mn}*+\\K\\x{200c}(?=\\p{Mn}*+" JOIN_AFTER ")";

static pcre2_code *allowed, *misplaced, *joiner;

static void compile_rules(void) {
    static const struct {
        const char *text;
        pcre2_code **code;
    } rules[] = {{allowed_text, &allowed}, {misplaced_text, &misplaced}, {joiner_text, &joiner}};
    for (size_t k = 0; k < sizeof rules / sizeof *rules; k++) {
        int num;
        PCRE2_SIZE at;
        *rules[k].code = pcre2_compile((PCRE2_SPTR)rules[k].text, PCRE2_ZERO_TERMINATED, PCRE2_UTF, &num, &at, NULL);
    }
}

static bool matches(const pcre2_code *code, const char *s, size_t n, size_t *at) {
    pcre2_match_data *m = pcre2_match_data_create(1, NULL);
    int rc = code ? pcre2_match(code, (PCRE2_SPTR)s, n, 0, PCRE2_NO_UTF_CHECK, m, NULL) : -1;
    if (rc >= 0 && at) *at = pcre2_get_ovector_pointer(m)[0];
    pcre2_match_data_free(m);
    return rc >= 0;
}

/* Is every U+200C preceded by a virama or between two joining letters? */
static bool joiners_placed(const char *s, size_t n) {
    for (;;) {
        const char *z = memmem(s, n, "\xE2\x80\x8C", 3);
        if (!z) return true;
        size_t at;
        if (!matches(joiner, s, n, &at) || s + at != z) return false;
        n -= (size_t)(z + 3 - s);
        s = z + 3;
    }
}

bool format_u_label(const char *s, size_t n) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, compile_rules);
    if (n == 0 || s[0] == '-' || s[n - 1] == '-') return false;
    const char *third = s, *end = s + n;
    if (n > 2) {
        format_next(&third);
        if (third < end) format_next(&third);
        if (end - third >= 2 && third[0] == '-' && third[1] == '-') return false;
    }
    return matches(allowed, s, n, NULL) && !matches(misplaced, s, n, NULL) && joiners_placed(s, n);
}

/* ---- punycode, RFC 3492 ---- */

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

/* The code points of an ASCII label without its "xn--"; 0 when it is no punycode. */
static size_t puny_decode(const char *s, size_t n, uint32_t out[LABEL_MAX]) {
    const char *end = s + n, *dash = memrchr(s, '-', n);
    size_t have = 0;
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

/* Length of a label as punycode with "xn--", or something above LABEL_MAX. */
static size_t puny_length(const uint32_t *cp, size_t n) {
    size_t basic = 0, len = 4;
    for (size_t k = 0; k < n; k++) basic += cp[k] < 0x80;
    len += basic + (basic > 0);
    uint32_t code = FIRST_N, bias = FIRST_BIAS, delta = 0;
    for (size_t done = basic; done < n && len <= LABEL_MAX; code++, delta++) {
        uint32_t next = UINT32_MAX;
        for (size_t k = 0; k < n; k++)
            if (cp[k] >= code && cp[k] < next) next = cp[k];
        delta += (next - code) * (uint32_t)(done + 1);
        code = next;
        for (size_t k = 0; k < n; k++) {
            if (cp[k] < code) delta++;
            if (cp[k] != code) continue;
            uint32_t q = delta;
            for (uint32_t j = BASE;; j += BASE, len++) {
                uint32_t t = threshold(j, bias);
                if (q < t) break;
                q = (q - t) / (BASE - t);
            }
            len++;
            bias = adapt(delta, (uint32_t)done + 1, done == basic);
            delta = 0;
            done++;
        }
    }
    return len;
}

static void put_utf8(struct buf *b, uint32_t u) {
    if (u < 0x80) {
        buf_chr(b, (char)u);
        return;
    }
    int tail = u < 0x800 ? 1 : u < 0x10000 ? 2 : 3;
    static const unsigned lead[] = {0, 0xC0, 0xE0, 0xF0};
    buf_chr(b, (char)(lead[tail] | u >> (6 * tail)));
    while (tail-- > 0) buf_chr(b, (char)(0x80 | (u >> (6 * tail) & 63)));
}

bool format_a_label(const char *s, size_t n) {
    uint32_t cp[LABEL_MAX + 1];
    if (n < 5 || n > LABEL_MAX) return false;
    size_t have = puny_decode(s + 4, n - 4, cp);
    struct buf b = {0};
    for (size_t k = 0; k < have; k++) put_utf8(&b, cp[k]);
    bool ok = have && format_u_label(b.p, b.n);
    buf_free(&b);
    return ok;
}

/* One label of an internationalized name; adds its length as sent. */
static bool is_idn_label(const char *s, size_t n, size_t *sent) {
    uint32_t cp[LABEL_MAX];
    size_t have = 0;
    bool wide = false;
    for (const char *p = s; p < s + n;) {
        if (have == LABEL_MAX) return false;
        cp[have] = format_next(&p);
        wide |= cp[have++] >= 0x80;
    }
    *sent += 1 + (wide ? puny_length(cp, have) : n);
    if (wide) return puny_length(cp, have) <= LABEL_MAX && format_u_label(s, n);
    if (n >= 4 && s[2] == '-' && s[3] == '-') return strncasecmp(s, "xn", 2) == 0 && format_a_label(s, n);
    return format_hostname(s, n) && !memchr(s, '.', n);
}

/* RFC 3490 3.1: these end a label as the full stop does. */
static const char *next_dot(const char *s, const char *end, size_t *len) {
    static const char *const dots[] = {".", "\xE3\x80\x82", "\xEF\xBC\x8E", "\xEF\xBD\xA1"};
    for (; s < end; s++)
        for (size_t k = 0; k < 4; k++) {
            *len = strlen(dots[k]);
            if ((size_t)(end - s) >= *len && memcmp(s, dots[k], *len) == 0) return s;
        }
    return NULL;
}

bool format_idn_hostname(const char *s, size_t n) {
    const char *end = s + n;
    size_t sent = 0, len;
    for (;;) {
        const char *dot = next_dot(s, end, &len);
        if (!is_idn_label(s, (size_t)((dot ? dot : end) - s), &sent) || sent > HOST_MAX + 1) return false;
        if (!dot) return true;
        s = dot + len;
    }
}

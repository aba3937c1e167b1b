/*
 * See format.h: internationalized host names, RFC 5890 to 5893. A name is mapped first as browsers do (UTS 46,
 * format_uts46.c), so capitals and full-width forms are as good as what they stand for; an A-label has to be in its
 * final form already.
 *
 * Which code points may stand in a label follows from their properties; PCRE2 carries the Unicode tables, so the
 * rules are expressions:
 *
 *   allowed    letters, marks and digits without the exceptions of RFC 5892
 *   misplaced  a mark at the beginning, or a code point whose context (RFC 5892 appendix A) is missing
 *   rtl, bidi  RFC 5893: once something in a name is written from right to left, the rule holds for every label
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "json/format_idn.h"

#include <pcre2.h>
#include <pthread.h>
#include <strings.h>

/* RFC 5892 2.6: the exceptions that are letters or marks; 2.7: ignorable ones and blocks; 2.9: old Hangul jamo. */
#define DISALLOWED                                                                                                     \
    "\\x{640}\\x{7fa}\\x{302e}\\x{302f}\\x{3031}-\\x{3035}\\x{303b}"                                                   \
    "\\x{17b4}\\x{17b5}\\x{20d0}-\\x{20ff}\\x{1d100}-\\x{1d1ff}\\x{1d200}-\\x{1d24f}"                                  \
    "\\x{1100}-\\x{11ff}\\x{a960}-\\x{a97f}\\x{d7b0}-\\x{d7ff}"
/* Allowed though they are no letters, or (Cherokee) capitals that are their own folded form; and those that ask for a
 * context. */
#define EXCEPTIONS "\\x{13a0}-\\x{13f5}\\x{6fd}\\x{6fe}\\x{f0b}\\x{3007}"
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
    "\\A(?:(?![" DISALLOWED "])(?:[\\p{Ll}\\p{Lo}\\p{Lm}\\p{Mn}\\p{Mc}\\p{Nd}" EXCEPTIONS CONTEXT "]|-))+\\z";
static const char misplaced_text[] = "\\A\\p{M}"
                                     "|\\x{b7}(?!l)|(?<!l)\\x{b7}"
                                     "|\\x{375}(?!\\p{sc:Greek})"
                                     "|(?<!\\p{sc:Hebrew})[\\x{5f3}\\x{5f4}]"
                                     "|\\A(?=.*\\x{30fb})(?!.*[\\p{sc:Hiragana}\\p{sc:Katakana}\\p{sc:Han}])"
                                     "|\\A(?=.*[\\x{660}-\\x{669}])(?=.*[\\x{6f0}-\\x{6f9}])"
                                     "|(?<!" VIRAMA ")\\x{200d}";
/* Every zero width non-joiner that has its context; what remains of them afterwards is misplaced. */
static const char joiner_text[] = VIRAMA "\\K\\x{200c}|" JOIN_BEFORE "\\p{Mn}*+\\K\\x{200c}(?=\\p{Mn}*+" JOIN_AFTER ")";

#define RTL "\\p{bc:R}\\p{bc:AL}"
#define EITHER "\\p{bc:EN}\\p{bc:ES}\\p{bc:CS}\\p{bc:ET}\\p{bc:ON}\\p{bc:BN}\\p{bc:NSM}"
static const char rtl_text[] = "[" RTL "\\p{bc:AN}]";
static const char bidi_text[] = "\\A(?:(?=[" RTL "])(?!.*\\p{bc:EN}.*\\p{bc:AN}|.*\\p{bc:AN}.*\\p{bc:EN})"
                                "[" RTL "\\p{bc:AN}" EITHER "]*[" RTL "\\p{bc:EN}\\p{bc:AN}]\\p{bc:NSM}*"
                                "|(?=\\p{bc:L})[\\p{bc:L}" EITHER "]*[\\p{bc:L}\\p{bc:EN}]\\p{bc:NSM}*)\\z";

static pcre2_code *allowed, *misplaced, *joiner, *rtl, *bidi;

static void compile_rules(void) {
    static const struct {
        const char *text;
        pcre2_code **code;
    } rules[] = {{allowed_text, &allowed},
                 {misplaced_text, &misplaced},
                 {joiner_text, &joiner},
                 {rtl_text, &rtl},
                 {bidi_text, &bidi}};
    for (size_t k = 0; k < sizeof rules / sizeof *rules; k++) {
        int num;
        PCRE2_SIZE at;
        *rules[k].code = pcre2_compile((PCRE2_SPTR)rules[k].text, PCRE2_ZERO_TERMINATED, PCRE2_UTF, &num, &at, NULL);
        if (!*rules[k].code) mem_die();
    }
}

static bool matches(const pcre2_code *code, const char *s, size_t n, size_t *at) {
    pcre2_match_data *m = pcre2_match_data_create(1, NULL);
    if (!m) mem_die();
    int rc = code ? pcre2_match(code, (PCRE2_SPTR)s, n, 0, PCRE2_NO_UTF_CHECK, m, NULL) : -1;
    if (rc == PCRE2_ERROR_NOMEMORY) mem_die();
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

/* A label as it is shown, mapped already. */
static bool is_u_label(const char *s, size_t n) {
    if (n == 0 || s[0] == '-' || s[n - 1] == '-') return false;
    const char *third = s, *end = s + n;
    if (n > 2) {
        format_next(&third);
        if (third < end) format_next(&third);
        if (end - third >= 2 && third[0] == '-' && third[1] == '-') return false;
    }
    return matches(allowed, s, n, NULL) && !matches(misplaced, s, n, NULL) && joiners_placed(s, n);
}

/* Appends what "xn--..." stands for; false when that is no label, or would not have been written so. */
static bool read_a_label(const char *s, size_t n, struct buf *out) {
    uint32_t cp[LABEL_MAX];
    char again[LABEL_MAX];
    if (n < 5 || n > LABEL_MAX || strncasecmp(s, "xn--", 4) != 0) return false;
    size_t have = format_puny_decode(s + 4, n - 4, cp), from = out->n;
    if (!have || format_puny_encode(cp, have, again) != n - 4 || strncasecmp(again, s + 4, n - 4) != 0) return false;
    for (size_t k = 0; k < have; k++) format_put(out, cp[k]);
    struct buf mapped = {0};
    format_uts46_map(&mapped, out->p + from, out->n - from);
    bool ok = mapped.n == out->n - from && memcmp(mapped.p, out->p + from, mapped.n) == 0;
    buf_free(&mapped);
    return ok && is_u_label(out->p + from, out->n - from);
}

static void start(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, compile_rules);
}

bool format_a_label(const char *s, size_t n) {
    struct buf u = {0};
    start();
    bool ok = read_a_label(s, n, &u) && (!matches(rtl, u.p, u.n, NULL) || matches(bidi, u.p, u.n, NULL));
    buf_free(&u);
    return ok;
}

/* One label of a mapped name: appends it as it is shown, adds its length as it is sent. */
static bool read_label(const char *s, size_t n, struct buf *shown, size_t *sent) {
    uint32_t cp[LABEL_MAX];
    char puny[LABEL_MAX];
    size_t have = 0;
    bool wide = false;
    for (const char *p = s; p < s + n;) {
        if (have == LABEL_MAX) return false;
        cp[have] = format_next(&p);
        wide |= cp[have++] >= 0x80;
    }
    size_t len = wide ? 4 + format_puny_encode(cp, have, puny) : n;
    *sent += 1 + len;
    if (len > LABEL_MAX) return false;
    if (!wide && n >= 4 && strncasecmp(s, "xn--", 4) == 0) return read_a_label(s, n, shown);
    buf_add(shown, s, n);
    return wide ? is_u_label(s, n) : format_hostname(s, n);
}

static bool all_bidi(const char *s, size_t n) {
    const char *end = s + n;
    if (!matches(rtl, s, n, NULL)) return true;
    for (;;) {
        const char *dot = memchr(s, '.', (size_t)(end - s));
        if (!matches(bidi, s, (size_t)((dot ? dot : end) - s), NULL)) return false;
        if (!dot) return true;
        s = dot + 1;
    }
}

bool format_idn_hostname(const char *s, size_t n) {
    struct buf name = {0}, shown = {0};
    size_t sent = 0;
    start();
    format_uts46_map(&name, s, n);
    const char *at = buf_text(&name), *end = at + name.n, *dot;
    bool ok = name.n > 0;
    while (ok) {
        dot = memchr(at, '.', (size_t)(end - at));
        ok = read_label(at, (size_t)((dot ? dot : end) - at), &shown, &sent) && sent <= HOST_MAX + 1;
        if (!dot) break;
        buf_chr(&shown, '.');
        at = dot + 1;
    }
    ok = ok && all_bidi(shown.p, shown.n);
    buf_free(&name);
    buf_free(&shown);
    return ok;
}

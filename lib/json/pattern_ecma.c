/*
 * ECMA-262 (with `u`) to PCRE2. Most of the two languages is the same; this is
 * what is not:
 *
 *   .            leaves out \r, U+2028 and U+2029 too
 *   \s \S        know the Unicode blanks and the byte order mark
 *   \v           is one character, \cX a control character, \0 a NUL
 *   \uXXXX       also as a surrogate pair, \u{X...}
 *   []  [^]      match nothing and everything
 *   \p{Letter}   long names of general categories, Script=..., gc=...
 *   \A \Z \a ... and (?i) (?>...) a++ (*VERB) do not exist: errors
 *
 * Beyond the strict grammar of `u`, a lone { } or ] and an escaped punctuation
 * mark that needs no escape are taken literally, because browsers do and many
 * schemas in use rely on it. (\d, \w and \b are ASCII in PCRE2 without UCP.)
 */
#include "json/pattern.h"

#define BLANKS                                                                                                         \
    "\\x{9}-\\x{d}\\x{20}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}\\x{feff}"
#define NOT_BLANKS                                                                                                     \
    "\\x{0}-\\x{8}\\x{e}-\\x{1f}\\x{21}-\\x{9f}\\x{a1}-\\x{167f}\\x{1681}-\\x{1fff}\\x{200b}-\\x{2027}\\x{202a}-\\x{"  \
    "202e}"                                                                                                            \
    "\\x{2030}-\\x{205e}\\x{2060}-\\x{2fff}\\x{3001}-\\x{fefe}\\x{ff00}-\\x{10ffff}"

struct tr {
    const char *p, *end;
    struct buf *out;
    const char *why;
    bool atom;   /* something that may be repeated stands just before */
    bool in_set; /* between [ and ] */
    int open;    /* groups not yet closed */
};

static bool no(struct tr *t, const char *why) {
    t->why = why;
    return false;
}

static bool hex(struct tr *t, int least, int most, unsigned *x) {
    int k = 0;
    for (*x = 0; k < most && t->p < t->end; k++, t->p++) {
        char c = *t->p, low = (char)(c | 32);
        if (c >= '0' && c <= '9')
            *x = *x * 16 + (unsigned)(c - '0');
        else if (low >= 'a' && low <= 'f')
            *x = *x * 16 + (unsigned)(low - 'a' + 10);
        else
            break;
    }
    return k >= least;
}

static bool code_point(struct tr *t, unsigned x) {
    buf_fmt(t->out, "\\x{%x}", x);
    return true;
}

static bool unicode_escape(struct tr *t) { /* after \u */
    unsigned x, lo;
    if (t->p < t->end && *t->p == '{') {
        t->p++;
        if (!hex(t, 1, 8, &x) || x > 0x10FFFF || t->p >= t->end || *t->p != '}')
            return no(t, "\\u{...} needs a code point up to 10FFFF in hexadecimal");
        t->p++;
        return code_point(t, x);
    }
    if (!hex(t, 4, 4, &x)) return no(t, "\\u needs four hexadecimal digits or {...}");
    if (x >= 0xD800 && x < 0xDC00 && t->end - t->p >= 6 && t->p[0] == '\\' && t->p[1] == 'u') {
        const char *back = t->p;
        t->p += 2;
        if (hex(t, 4, 4, &lo) && lo >= 0xDC00 && lo < 0xE000)
            x = 0x10000 + ((x - 0xD800) << 10) + (lo - 0xDC00);
        else
            t->p = back;
    }
    return code_point(t, x);
}

static const char *const categories[][2] = {
    {"Letter", "L"},
    {"Cased_Letter", "L&"},
    {"LC", "L&"},
    {"Uppercase_Letter", "Lu"},
    {"Lowercase_Letter", "Ll"},
    {"Titlecase_Letter", "Lt"},
    {"Modifier_Letter", "Lm"},
    {"Other_Letter", "Lo"},
    {"Mark", "M"},
    {"Combining_Mark", "M"},
    {"Nonspacing_Mark", "Mn"},
    {"Spacing_Mark", "Mc"},
    {"Enclosing_Mark", "Me"},
    {"Number", "N"},
    {"Decimal_Number", "Nd"},
    {"digit", "Nd"},
    {"Letter_Number", "Nl"},
    {"Other_Number", "No"},
    {"Symbol", "S"},
    {"Math_Symbol", "Sm"},
    {"Currency_Symbol", "Sc"},
    {"Modifier_Symbol", "Sk"},
    {"Other_Symbol", "So"},
    {"Punctuation", "P"},
    {"punct", "P"},
    {"Connector_Punctuation", "Pc"},
    {"Dash_Punctuation", "Pd"},
    {"Open_Punctuation", "Ps"},
    {"Close_Punctuation", "Pe"},
    {"Initial_Punctuation", "Pi"},
    {"Final_Punctuation", "Pf"},
    {"Other_Punctuation", "Po"},
    {"Separator", "Z"},
    {"Space_Separator", "Zs"},
    {"Line_Separator", "Zl"},
    {"Paragraph_Separator", "Zp"},
    {"Other", "C"},
    {"Control", "Cc"},
    {"cntrl", "Cc"},
    {"Format", "Cf"},
    {"Surrogate", "Cs"},
    {"Private_Use", "Co"},
    {"Unassigned", "Cn"},
};

static const char *const property_prefixes[][2] = {
    {"General_Category=", ""},      {"gc=", ""},      {"Script=", "sc:"}, {"sc=", "sc:"},
    {"Script_Extensions=", "scx:"}, {"scx=", "scx:"},
};

static bool property(struct tr *t, bool negative) { /* after \p or \P */
    if (t->p >= t->end || *t->p != '{') return no(t, "\\p needs a property name in braces");
    const char *from = ++t->p;
    while (t->p < t->end && *t->p != '}' &&
           (*t->p == '_' || *t->p == '=' || (*t->p >= '0' && *t->p <= '9') ||
            ((*t->p | 32) >= 'a' && (*t->p | 32) <= 'z')))
        t->p++;
    if (t->p >= t->end || *t->p != '}' || t->p == from) return no(t, "\\p needs a property name in braces");
    struct sv name = {from, (size_t)(t->p++ - from)};
    const char *prefix = "";
    for (size_t k = 0; k < sizeof property_prefixes / sizeof *property_prefixes; k++) {
        struct sv x = sv_of(property_prefixes[k][0]);
        if (name.n > x.n && memcmp(name.p, x.p, x.n) == 0) {
            prefix = property_prefixes[k][1];
            name = (struct sv){name.p + x.n, name.n - x.n};
            break;
        }
    }
    if (sv_is(name, "Assigned")) {
        negative = !negative;
        name = SV("Cn");
    }
    for (size_t k = 0; !*prefix && k < sizeof categories / sizeof *categories; k++)
        if (sv_is(name, categories[k][0])) name = sv_of(categories[k][1]);
    buf_fmt(t->out, "\\%c{%s%.*s}", negative ? 'P' : 'p', prefix, (int)name.n, name.p);
    return true;
}

static bool blank_class(struct tr *t, bool negative) {
    const char *set = negative ? NOT_BLANKS : BLANKS;
    buf_fmt(t->out, t->in_set ? "%s" : "[%s]", set);
    return true;
}

static bool back_reference(struct tr *t, char c) { /* after \1 ... \9 */
    if (t->in_set) return no(t, "a set cannot hold a back reference");
    unsigned x = (unsigned)(c - '0');
    while (t->p < t->end && *t->p >= '0' && *t->p <= '9' && x < 10000) x = x * 10 + (unsigned)(*t->p++ - '0');
    buf_fmt(t->out, "\\g{%u}", x);
    return true;
}

static bool named_reference(struct tr *t) { /* after \k */
    const char *q = memchr(t->p, '>', (size_t)(t->end - t->p));
    if (t->in_set || t->p >= t->end || *t->p != '<' || !q) return no(t, "\\k needs a group name in <>");
    buf_str(t->out, "\\k");
    buf_add(t->out, t->p, (size_t)(q + 1 - t->p));
    t->p = q + 1;
    return true;
}

static bool punctuation_escape(struct tr *t, char c) {
    if ((unsigned char)c >= 0x80) { /* escaped for no reason; its other bytes follow by themselves */
        buf_chr(t->out, c);
        return true;
    }
    if (c < 0x20 || ((c | 32) >= 'a' && (c | 32) <= 'z')) return no(t, "no such escape in ECMA-262");
    return code_point(t, (unsigned char)c);
}

static bool escape(struct tr *t) { /* after the backslash */
    static const char controls[] = "tnvfr", values[] = "\t\n\v\f\r";
    if (t->p >= t->end) return no(t, "a backslash at the end");
    char c = *t->p++;
    unsigned x;
    const char *k = c ? strchr(controls, c) : NULL;
    t->atom = true;
    if (k) return code_point(t, (unsigned)values[k - controls]);
    switch (c) {
    case 'd':
    case 'D':
    case 'w':
    case 'W':
        buf_fmt(t->out, "\\%c", c);
        return true;
    case 's':
    case 'S':
        return blank_class(t, c == 'S');
    case 'b':
    case 'B':
        if (t->in_set) return c == 'b' ? code_point(t, 8) : no(t, "\\B in a set");
        t->atom = false;
        buf_fmt(t->out, "\\%c", c);
        return true;
    case 'c':
        if (t->p >= t->end || (*t->p | 32) < 'a' || (*t->p | 32) > 'z') return no(t, "\\c needs a letter");
        return code_point(t, (unsigned)*t->p++ & 31);
    case '0':
        if (t->p < t->end && *t->p >= '0' && *t->p <= '9') return no(t, "octal escapes are not in ECMA-262");
        return code_point(t, 0);
    case 'x':
        return hex(t, 2, 2, &x) ? code_point(t, x) : no(t, "\\x needs two hexadecimal digits");
    case 'u':
        return unicode_escape(t);
    case 'p':
    case 'P':
        return property(t, c == 'P');
    case 'k':
        return named_reference(t);
    default:
        return c >= '1' && c <= '9' ? back_reference(t, c) : punctuation_escape(t, c);
    }
}

static bool set(struct tr *t) { /* after '[' */
    bool negative = t->p < t->end && *t->p == '^';
    if (negative) t->p++;
    t->atom = true;
    if (t->p < t->end && *t->p == ']') {
        t->p++;
        buf_str(t->out, negative ? "(?s:.)" : "(?!)");
        return true;
    }
    t->in_set = true;
    buf_str(t->out, negative ? "[^" : "[");
    while (t->p < t->end && *t->p != ']') {
        char c = *t->p++;
        if (c == '\\') {
            if (!escape(t)) return false;
        } else {
            if (c == '[') buf_chr(t->out, '\\'); /* or [: would begin a POSIX class */
            buf_chr(t->out, c);
        }
    }
    if (t->p >= t->end) return no(t, "a set is not closed by ]");
    t->p++;
    t->in_set = false;
    buf_chr(t->out, ']');
    return true;
}

static bool group(struct tr *t) { /* after '(' */
    static const char *const kinds[] = {"?:", "?=", "?!", "?<=", "?<!", "?<"};
    size_t left = (size_t)(t->end - t->p);
    t->open++;
    t->atom = false;
    buf_chr(t->out, '(');
    if (left && *t->p == '*') return no(t, "nothing to repeat");
    if (!left || *t->p != '?') return true;
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        size_t n = strlen(kinds[k]);
        if (left >= n && memcmp(t->p, kinds[k], n) == 0) {
            buf_add(t->out, kinds[k], n);
            t->p += n;
            return true;
        }
    }
    return no(t, "no such group in ECMA-262");
}

/* At '{': the length of a counted repetition, 0 when it is a literal brace. */
static size_t counted(const struct tr *t) {
    const char *q = t->p + 1, *digits = q;
    while (q < t->end && *q >= '0' && *q <= '9') q++;
    if (q == digits) return 0;
    if (q < t->end && *q == ',')
        for (q++; q < t->end && *q >= '0' && *q <= '9';) q++;
    return q < t->end && *q == '}' ? (size_t)(q + 1 - t->p) : 0;
}

static bool repeat(struct tr *t, size_t n) {
    if (!t->atom) return no(t, "nothing to repeat");
    buf_add(t->out, t->p, n);
    t->p += n;
    if (t->p < t->end && *t->p == '?') buf_chr(t->out, *t->p++);
    t->atom = false;
    return true;
}

static bool step(struct tr *t) {
    char c = *t->p;
    size_t n = c == '*' || c == '+' || c == '?' ? 1 : c == '{' ? counted(t) : 0;
    if (n) return repeat(t, n);
    t->p++;
    switch (c) {
    case '\\':
        return escape(t);
    case '[':
        return set(t);
    case '(':
        return group(t);
    case ')':
        if (t->open-- == 0) return no(t, "a ) without its (");
        t->atom = true;
        break;
    case '^':
    case '$':
    case '|':
        t->atom = false;
        break;
    case '.':
        t->atom = true;
        buf_str(t->out, "[^\\n\\r\\x{2028}\\x{2029}]");
        return true;
    case '{':
    case '}':
    case ']':
        buf_chr(t->out, '\\');
        t->atom = true;
        break;
    default:
        t->atom = true;
    }
    buf_chr(t->out, c);
    return true;
}

bool pattern_translate(struct buf *out, const char *text, size_t n, const char **why) {
    struct tr t = {.p = text, .end = text + n, .out = out};
    while (t.p < t.end)
        if (!step(&t)) {
            *why = t.why;
            return false;
        }
    if (t.open == 0) return true;
    *why = "a ( without its )";
    return false;
}

/*
 * ECMA-262 (with `u`) to PCRE2. Most of the two languages is the same; this is
 * what is not:
 *
 *   .            leaves out \r, U+2028 and U+2029 too
 *   \s \S        know the Unicode blanks and the byte order mark
 *   \v           is one character, \cX a control character, \0 a NUL
 *   \uXXXX       also as a surrogate pair, \u{X...}
 *   []  [^]      match nothing and everything
 *   \p{Letter}   long names of general categories, Script=..., gc=... (pattern_property.c)
 *   (?<name>...) become plain groups, \k<name> their numbers (pattern_group.c)
 *   (?m:...)     ^ and $ at U+2028 too: written out
 *   \A \Z \a ... and (?i) (?>...) a++ (*VERB) do not exist: errors
 *
 * All mistakes of the grammar are found here, so that format "regex" does not depend on what PCRE2 can do; what it
 * cannot (a lookbehind of variable length, a count above 65535) is a mistake only in a `pattern`.
 *
 * Beyond the strict grammar of `u`, a lone { } or ] and an escaped punctuation
 * mark that needs no escape are taken literally, because browsers do and many
 * schemas in use rely on it. (\d, \w and \b are ASCII in PCRE2 without UCP.)
 */
#include "json/pattern_ecma.h"
#include "json/format.h"

#define BLANKS                                                                                                         \
    "\\x{9}-\\x{d}\\x{20}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}\\x{feff}"
#define NOT_BLANKS                                                                                                     \
    "\\x{0}-\\x{8}\\x{e}-\\x{1f}\\x{21}-\\x{9f}\\x{a1}-\\x{167f}\\x{1681}-\\x{1fff}\\x{200b}-\\x{2027}\\x{202a}-\\x{"  \
    "202e}"                                                                                                            \
    "\\x{2030}-\\x{205e}\\x{2060}-\\x{2fff}\\x{3001}-\\x{fefe}\\x{ff00}-\\x{10ffff}"

#define LINE_END "\\n\\r\\x{2028}\\x{2029}"
#define CLASS (-1) /* not one character but a class of them: \d, \p{L} */
#define OPEN_MAX 250

enum { MULTILINE = 1, DOT_ALL = 2 };

struct tr {
    const char *p, *end;
    struct buf *out;
    const char *why;
    struct groups groups;
    bool atom;                   /* something that may be repeated stands just before */
    bool in_set;                 /* between [ and ] */
    int64_t value;               /* of the escape just read: a code point or CLASS */
    uint32_t open;               /* groups not yet closed */
    uint8_t flags[OPEN_MAX + 1]; /* by depth */
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
    t->value = x;
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

static bool property(struct tr *t, bool negative) { /* after \p or \P */
    if (t->p >= t->end || *t->p != '{') return no(t, "\\p needs a property name in braces");
    const char *from = ++t->p;
    while (t->p < t->end && *t->p != '}' &&
           (*t->p == '_' || *t->p == '=' || format_is_digit(*t->p) || format_is_alpha(*t->p)))
        t->p++;
    if (t->p >= t->end || *t->p != '}' || t->p == from) return no(t, "\\p needs a property name in braces");
    struct sv name = {from, (size_t)(t->p++ - from)};
    t->value = CLASS;
    return pattern_property(t->out, name, negative) || no(t, "no such property of characters");
}

static bool blank_class(struct tr *t, bool negative) {
    const char *set = negative ? NOT_BLANKS : BLANKS;
    t->value = CLASS;
    buf_fmt(t->out, t->in_set ? "%s" : "[%s]", set);
    return true;
}

static bool back_reference(struct tr *t, char c) { /* after \1 ... \9 */
    if (t->in_set) return no(t, "a set cannot hold a back reference");
    uint32_t x = (uint32_t)(c - '0');
    while (t->p < t->end && format_is_digit(*t->p) && x < 10000) x = x * 10 + (uint32_t)(*t->p++ - '0');
    if (x > t->groups.n) return no(t, "a back reference to a group that is not there");
    buf_fmt(t->out, "\\g{%u}", x);
    return true;
}

static bool named_reference(struct tr *t) { /* after \k */
    size_t n = !t->in_set && t->p < t->end && *t->p == '<' ? pattern_group_name(t->p + 1, t->end) : 0;
    uint32_t x = n ? pattern_group_number(&t->groups, (struct sv){t->p + 1, n}) : 0;
    if (!n) return no(t, "\\k needs a group name in <>");
    if (!x) return no(t, "a back reference to a group that is not there");
    buf_fmt(t->out, "\\g{%u}", x);
    t->p += n + 2;
    return true;
}

static bool punctuation_escape(struct tr *t, char c) {
    if ((unsigned char)c >= 0x80) { /* escaped for no reason */
        t->p--;
        return code_point(t, format_next(&t->p));
    }
    if (c < 0x20 || format_is_alpha(c)) return no(t, "no such escape in ECMA-262");
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
        t->value = CLASS;
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

/* One member of a set, as \x{...} unless it is a class. */
static bool set_member(struct tr *t) {
    if (*t->p != '\\') return code_point(t, format_next(&t->p));
    t->p++;
    return escape(t);
}

static bool set_members(struct tr *t) {
    while (t->p < t->end && *t->p != ']') {
        if (!set_member(t)) return false;
        if (t->end - t->p < 2 || t->p[0] != '-' || t->p[1] == ']') continue;
        int64_t from = t->value;
        size_t hyphen = t->out->n;
        t->p++;
        buf_chr(t->out, '-');
        if (!set_member(t)) return false;
        if (from == CLASS || t->value == CLASS) { /* [\d-x]: then the hyphen is one */
            struct buf rest = {0};
            buf_add(&rest, t->out->p + hyphen, t->out->n - hyphen);
            t->out->n = hyphen;
            buf_chr(t->out, '\\');
            buf_add(t->out, rest.p, rest.n);
            buf_free(&rest);
        } else if (from > t->value) {
            return no(t, "a range in a set goes backwards");
        }
    }
    return true;
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
    if (!set_members(t)) return false;
    if (t->p >= t->end) return no(t, "a set is not closed by ]");
    t->p++;
    t->in_set = false;
    buf_chr(t->out, ']');
    return true;
}

/* At the letters of (?ims-ims: which change the case, the line ends and the dot inside the group. */
static bool modifiers(struct tr *t) {
    static const char letters[] = "ims";
    uint8_t *flags = &t->flags[t->open];
    bool off = false, seen[3] = {false}, ignore = false, heed = false;
    const char *from = t->p;
    for (; t->p < t->end && *t->p != ':'; t->p++) {
        const char *k = *t->p ? strchr(letters, *t->p) : NULL;
        if (*t->p == '-' && !off) {
            off = true;
            continue;
        }
        if (!k || seen[k - letters]) return no(t, "no such group in ECMA-262");
        seen[k - letters] = true;
        uint8_t bit = *k == 'm' ? MULTILINE : *k == 's' ? DOT_ALL : 0;
        *flags = (uint8_t)(off ? *flags & ~bit : *flags | bit);
        ignore |= *k == 'i' && !off;
        heed |= *k == 'i' && off;
    }
    if (t->p >= t->end || t->p == from || (off && t->p - from == 1)) return no(t, "no such group in ECMA-262");
    t->p++;
    buf_str(t->out, ignore ? "i:" : heed ? "-i:" : ":");
    return true;
}

static bool group(struct tr *t) { /* after '(' */
    static const char *const kinds[] = {"?:", "?=", "?!", "?<=", "?<!"};
    size_t left = (size_t)(t->end - t->p);
    if (t->open == OPEN_MAX) return no(t, "groups too deep in one another");
    t->flags[t->open + 1] = t->flags[t->open];
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
    size_t name = left > 2 && t->p[1] == '<' ? pattern_group_name(t->p + 2, t->end) : 0;
    if (name) {
        t->p += name + 3;
        return true;
    }
    t->p++;
    buf_chr(t->out, '?');
    return modifiers(t);
}

/* At '{': the length of a counted repetition, 0 when it is a literal brace. */
static size_t counted(const struct tr *t) {
    const char *q = t->p + 1, *digits = q;
    while (q < t->end && format_is_digit(*q)) q++;
    if (q == digits) return 0;
    if (q < t->end && *q == ',')
        for (q++; q < t->end && format_is_digit(*q);) q++;
    return q < t->end && *q == '}' ? (size_t)(q + 1 - t->p) : 0;
}

/* {n,m} with n above m, whatever the number of digits. */
static bool backwards(const char *p, size_t n) {
    const char *comma = memchr(p, ',', n), *end = p + n - 1, *a = p + 1, *b = comma ? comma + 1 : end;
    if (b == end) return false;
    while (a < comma - 1 && *a == '0') a++;
    while (b < end - 1 && *b == '0') b++;
    ptrdiff_t na = comma - a, nb = end - b;
    return na != nb ? na > nb : memcmp(a, b, (size_t)na) > 0;
}

static bool repeat(struct tr *t, size_t n) {
    if (!t->atom) return no(t, "nothing to repeat");
    if (n > 1 && backwards(t->p, n)) return no(t, "a count goes backwards");
    buf_add(t->out, t->p, n);
    t->p += n;
    if (t->p < t->end && *t->p == '?') buf_chr(t->out, *t->p++);
    t->atom = false;
    return true;
}

static bool step(struct tr *t) {
    char c = *t->p;
    size_t n = c == '*' || c == '+' || c == '?' ? 1 : c == '{' ? counted(t) : 0;
    uint8_t flags = t->flags[t->open];
    if (n) return repeat(t, n);
    t->p++;
    t->atom = c != '^' && c != '$' && c != '|';
    switch (c) {
    case '\\':
        return escape(t);
    case '[':
        return set(t);
    case '(':
        return group(t);
    case ')':
        if (t->open == 0) return no(t, "a ) without its (");
        t->open--;
        break;
    case '^':
        buf_str(t->out, flags & MULTILINE ? "(?<![^" LINE_END "])" : "^");
        return true;
    case '$':
        buf_str(t->out, flags & MULTILINE ? "(?![^" LINE_END "])" : "$");
        return true;
    case '.':
        buf_str(t->out, flags & DOT_ALL ? "(?s:.)" : "[^" LINE_END "]");
        return true;
    case '{':
    case '}':
    case ']':
        buf_chr(t->out, '\\');
        break;
    default:
        break;
    }
    buf_chr(t->out, c);
    return true;
}

bool pattern_translate(struct buf *out, const char *text, size_t n, const char **why) {
    struct tr t = {.p = text, .end = text + n, .out = out};
    bool ok = pattern_groups_find(&t.groups, text, n, &t.why);
    while (ok && t.p < t.end) ok = step(&t);
    if (ok && t.open) ok = no(&t, "a ( without its )");
    *why = t.why;
    free(t.groups.names);
    return ok;
}

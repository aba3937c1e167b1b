/*
 * See format.h: RFC 3986 (URI) and RFC 3987 (IRI). The text is cut at the
 * delimiters first, then every part is checked against its set of characters.
 */
#include "json/format.h"

#define UNRESERVED 1 /* also what pct-encoded stands for */
#define SUB_DELIM 2
#define COLON 4
#define AT 8
#define SLASH 16
#define QUESTION 32

/* Which class an ASCII character belongs to; 0: never allowed as it is. */
static unsigned char_class(unsigned char c) {
    if (format_is_alpha((char)c) || format_is_digit((char)c)) return UNRESERVED;
    switch (c) {
    case '-':
    case '.':
    case '_':
    case '~':
        return UNRESERVED;
    case '!':
    case '$':
    case '&':
    case '\'':
    case '(':
    case ')':
    case '*':
    case '+':
    case ',':
    case ';':
    case '=':
        return SUB_DELIM;
    case ':':
        return COLON;
    case '@':
        return AT;
    case '/':
        return SLASH;
    case '?':
        return QUESTION;
    default:
        return 0;
    }
}

static bool in_ranges(uint32_t c, const uint32_t (*r)[2], size_t n) {
    for (size_t k = 0; k < n; k++)
        if (c >= r[k][0] && c <= r[k][1]) return true;
    return false;
}

/* ucschar: every plane up to 14 without its last two code points, U+E0000..E0FFF left out. */
static bool is_ucs(uint32_t c) {
    static const uint32_t low[][2] = {{0xA0, 0xD7FF}, {0xF900, 0xFDCF}, {0xFDF0, 0xFFEF}};
    if (c < 0x10000) return in_ranges(c, low, 3);
    return c < 0xF0000 && (c & 0xFFFF) <= 0xFFFD && !(c >= 0xE0000 && c <= 0xE0FFF);
}

static bool is_private(uint32_t c) {
    return (c >= 0xE000 && c <= 0xF8FF) || (c >= 0xF0000 && (c & 0xFFFF) <= 0xFFFD);
}

enum { ASCII_ONLY, WITH_UCS, WITH_PRIVATE };

static bool all_of(const char *s, const char *end, unsigned classes, int wide) {
    while (s < end) {
        unsigned char c = (unsigned char)*s;
        if (c == '%') {
            if (end - s < 3 || !format_is_hex(s[1]) || !format_is_hex(s[2])) return false;
            s += 3;
        } else if (c < 0x80) {
            if (!(char_class(c) & classes)) return false;
            s++;
        } else {
            uint32_t u = format_next(&s);
            if (wide == ASCII_ONLY || !(is_ucs(u) || (wide == WITH_PRIVATE && is_private(u)))) return false;
        }
    }
    return true;
}

static bool is_ip_literal(const char *s, const char *end) { /* between the brackets */
    if (s < end && (*s | 32) == 'v') {
        const char *from = ++s;
        while (s < end && format_is_hex(*s)) s++;
        return s > from && end - s >= 2 && *s == '.' && !memchr(s, '%', (size_t)(end - s)) &&
               all_of(s + 1, end, UNRESERVED | SUB_DELIM | COLON, ASCII_ONLY);
    }
    return format_ipv6(s, (size_t)(end - s));
}

static bool is_authority(const char *s, const char *end, int wide) {
    const char *at = memrchr(s, '@', (size_t)(end - s));
    if (at && !all_of(s, at, UNRESERVED | SUB_DELIM | COLON, wide)) return false;
    if (at) s = at + 1;
    const char *port;
    if (s < end && *s == '[') {
        const char *close = memchr(s, ']', (size_t)(end - s));
        if (!close || !is_ip_literal(s + 1, close)) return false;
        port = close + 1;
        if (port < end && *port != ':') return false;
    } else {
        port = memchr(s, ':', (size_t)(end - s));
        if (!port) port = end;
        if (!all_of(s, port, UNRESERVED | SUB_DELIM, wide)) return false;
    }
    for (const char *p = port + 1; p < end; p++)
        if (!format_is_digit(*p)) return false;
    return true;
}

/* The length of "scheme", 0 when the text does not begin with one and a colon. */
static size_t scheme_len(const char *s, const char *end) {
    const char *p = s;
    while (p < end && (format_is_alpha(*p) || (p > s && (format_is_digit(*p) || *p == '+' || *p == '-' || *p == '.'))))
        p++;
    return p > s && p < end && *p == ':' ? (size_t)(p - s) : 0;
}

static const char *cut(const char *s, const char *end, const char *at) {
    while (s < end && (*s == 0 || !strchr(at, *s))) s++;
    return s;
}

static bool is_reference(const char *s, size_t n, bool absolute, int wide) {
    const char *end = s + n;
    const unsigned pchar = UNRESERVED | SUB_DELIM | COLON | AT;
    size_t scheme = scheme_len(s, end);
    if (absolute && !scheme) return false;
    if (scheme) s += scheme + 1;
    bool authority = end - s >= 2 && s[0] == '/' && s[1] == '/';
    if (authority) {
        const char *stop = cut(s + 2, end, "/?#");
        if (!is_authority(s + 2, stop, wide)) return false;
        s = stop;
    }
    const char *query = cut(s, end, "?#"), *frag = cut(query, end, "#");
    if (!all_of(s, query, pchar | SLASH, wide)) return false;
    if (!scheme && !authority) { /* a colon in the first segment would make it a scheme */
        const char *segment = cut(s, query, "/");
        if (memchr(s, ':', (size_t)(segment - s))) return false;
    }
    if (query < frag && !all_of(query + 1, frag, pchar | SLASH | QUESTION, wide ? WITH_PRIVATE : ASCII_ONLY))
        return false;
    return frag == end || all_of(frag + 1, end, pchar | SLASH | QUESTION, wide);
}

bool format_uri(const char *s, size_t n) {
    return is_reference(s, n, true, ASCII_ONLY);
}
bool format_uri_reference(const char *s, size_t n) {
    return is_reference(s, n, false, ASCII_ONLY);
}
bool format_iri(const char *s, size_t n) {
    return is_reference(s, n, true, WITH_UCS);
}
bool format_iri_reference(const char *s, size_t n) {
    return is_reference(s, n, false, WITH_UCS);
}

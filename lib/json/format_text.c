/* See format.h: JSON pointers (RFC 6901 and its relative draft), UUIDs (RFC 4122), URI templates (RFC 6570). */
#include "json/format.h"

bool format_json_pointer(const char *s, size_t n) {
    if (n && s[0] != '/') return false;
    for (size_t i = 0; i < n; i++)
        if (s[i] == '~' && (i + 1 == n || (s[i + 1] != '0' && s[i + 1] != '1'))) return false;
    return true;
}

/* Length of a number without leading zeros, 0 when there is none. */
static size_t plain_number(const char *s, size_t n) {
    size_t i = 0;
    while (i < n && format_is_digit(s[i])) i++;
    return i > 1 && s[0] == '0' ? 0 : i;
}

/* Levels up, then (in later versions of the draft) a step to a neighbour in the array, then a pointer or '#'. */
bool format_relative_json_pointer(const char *s, size_t n) {
    size_t i = plain_number(s, n);
    if (i == 0) return false;
    if (i < n && (s[i] == '+' || s[i] == '-')) {
        size_t step = plain_number(s + i + 1, n - i - 1);
        if (step == 0) return false;
        i += 1 + step;
    }
    if (n - i == 1 && s[i] == '#') return true;
    return format_json_pointer(s + i, n - i);
}

bool format_uuid(const char *s, size_t n) {
    if (n != 36) return false;
    for (size_t i = 0; i < n; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? s[i] != '-' : !format_is_hex(s[i])) return false;
    }
    return true;
}

static bool percent(const char *s, size_t n) {
    return n >= 3 && s[0] == '%' && format_is_hex(s[1]) && format_is_hex(s[2]);
}

/* varname [ ":" 1..9999 | "*" ]; moves *p behind it. */
static bool template_variable(const char **p, const char *end) {
    const char *s = *p;
    bool expect = true; /* a character, not a dot */
    while (s < end) {
        if (format_is_alpha(*s) || format_is_digit(*s) || *s == '_')
            s++;
        else if (percent(s, (size_t)(end - s)))
            s += 3;
        else if (*s == '.' && !expect) {
            s++;
            expect = true;
            continue;
        } else
            break;
        expect = false;
    }
    if (expect) return false;
    if (s < end && *s == '*') {
        s++;
    } else if (s < end && *s == ':') {
        const char *from = ++s;
        while (s < end && format_is_digit(*s)) s++;
        if (s == from || s - from > 4 || *from == '0') return false;
    }
    *p = s;
    return true;
}

static bool template_expression(const char *s, const char *end) { /* between the braces */
    if (s < end && *s && strchr("+#./;?&=,!@|", *s)) s++;
    for (;;) {
        if (!template_variable(&s, end)) return false;
        if (s == end) return true;
        if (*s++ != ',') return false;
    }
}

bool format_uri_template(const char *s, size_t n) {
    const char *end = s + n;
    while (s < end) {
        unsigned char c = (unsigned char)*s;
        if (c == '{') {
            const char *close = memchr(s, '}', (size_t)(end - s));
            if (!close || !template_expression(s + 1, close)) return false;
            s = close + 1;
        } else if (c == '%') {
            if (!percent(s, (size_t)(end - s))) return false;
            s += 3;
        } else if (c <= 0x20 || c == 0x7F || strchr("\"<>\\^`|}", c)) {
            return false;
        } else {
            s++;
        }
    }
    return true;
}

/* See format.h: addresses (RFC 2673, 4291), host names (RFC 1123, 5890), mailboxes (RFC 5321, 6531). */
#include "json/format_idn.h"

#include <strings.h>

#define LOCAL_MAX 64

/* Four numbers up to 255 with a dot between each. RFC 5321 lets them begin with zeros, RFC 2673 does not. */
static bool is_dotted_quad(const char *s, size_t n, bool zeros) {
    const char *end = s + n;
    for (int part = 0; part < 4; part++) {
        if (part && (s == end || *s++ != '.')) return false;
        const char *from = s;
        int x = 0;
        while (s < end && format_is_digit(*s) && s - from < 3) x = x * 10 + (*s++ - '0');
        if (s == from || x > 255 || (!zeros && s - from > 1 && *from == '0')) return false;
    }
    return s == end;
}

bool format_ipv4(const char *s, size_t n) {
    return is_dotted_quad(s, n, false);
}

/* Groups of 16 bits up to `end`; -1 when malformed. An IPv4 tail counts two. */
static int ipv6_groups(const char *s, const char *end, bool tail_allowed) {
    int groups = 0;
    if (s == end) return 0;
    for (;;) {
        const char *from = s;
        while (s < end && format_is_hex(*s) && s - from < 4) s++;
        if (tail_allowed && s < end && (*s == '.' || format_is_digit(*s)) && memchr(from, '.', (size_t)(end - from)) &&
            !memchr(from, ':', (size_t)(end - from)))
            return format_ipv4(from, (size_t)(end - from)) ? groups + 2 : -1;
        if (s == from) return -1;
        groups++;
        if (s == end) return groups;
        if (*s++ != ':') return -1;
    }
}

bool format_ipv6(const char *s, size_t n) {
    const char *end = s + n;
    const char *gap = n ? memmem(s, n, "::", 2) : NULL;
    if (!gap) return ipv6_groups(s, end, true) == 8;
    int before = ipv6_groups(s, gap, false), after = ipv6_groups(gap + 2, end, true);
    return before >= 0 && after >= 0 && before + after <= 7;
}

/* Letters, digits and inner hyphens. */
static bool is_ldh(const char *s, size_t n) {
    if (n == 0 || n > LABEL_MAX || s[0] == '-' || s[n - 1] == '-') return false;
    for (size_t i = 0; i < n; i++)
        if (!format_is_alpha(s[i]) && !format_is_digit(s[i]) && s[i] != '-') return false;
    return true;
}

bool format_hostname(const char *s, size_t n) {
    if (n == 0 || n > HOST_MAX) return false;
    const char *end = s + n;
    for (;;) {
        const char *dot = memchr(s, '.', (size_t)(end - s));
        size_t len = (size_t)((dot ? dot : end) - s);
        if (!is_ldh(s, len)) return false;
        if (len >= 4 && strncasecmp(s, "xn--", 4) == 0 && !format_a_label(s, len)) return false;
        if (!dot) return true;
        s = dot + 1;
    }
}

static bool is_atext(unsigned char c, bool wide) {
    if (c >= 0x80) return wide;
    return format_is_alpha((char)c) || format_is_digit((char)c) || (c && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

static bool is_dot_string(const char *s, size_t n, bool wide) {
    bool dot = true;
    for (size_t i = 0; i < n; i++) {
        if (s[i] == '.') {
            if (dot) return false;
            dot = true;
        } else {
            if (!is_atext((unsigned char)s[i], wide)) return false;
            dot = false;
        }
    }
    return !dot;
}

static bool is_quoted_string(const char *s, size_t n, bool wide) {
    if (n < 2 || s[0] != '"' || s[n - 1] != '"') return false;
    for (size_t i = 1; i < n - 1; i++) {
        if (s[i] == '\\')
            i++;
        else if (s[i] == '"')
            return false;
        unsigned char c = (unsigned char)s[i];
        if (i >= n - 1 || c < 0x20 || c == 0x7F || (c >= 0x80 && !wide)) return false;
    }
    return true;
}

static bool is_address_literal(const char *s, size_t n) { /* between the brackets */
    if (n > 5 && strncasecmp(s, "IPv6:", 5) == 0) return format_ipv6(s + 5, n - 5);
    return is_dotted_quad(s, n, true);
}

static bool is_mailbox(const char *s, size_t n, bool wide) {
    const char *at = n ? memrchr(s, '@', n) : NULL;
    if (!at || at == s) return false;
    size_t local = (size_t)(at - s), host = n - local - 1;
    if (local > LOCAL_MAX) return false;
    if (!is_dot_string(s, local, wide) && !is_quoted_string(s, local, wide)) return false;
    if (memmem(s, local, "\xEF\xBF\xBD", 3)) return false; /* U+FFFD: what was there has been lost */
    if (host > 2 && at[1] == '[' && s[n - 1] == ']') return is_address_literal(at + 2, host - 2);
    return wide ? format_idn_hostname(at + 1, host) : format_hostname(at + 1, host);
}

bool format_email(const char *s, size_t n) {
    return is_mailbox(s, n, false);
}
bool format_idn_email(const char *s, size_t n) {
    return is_mailbox(s, n, true);
}

/* See format.h: the table of names, dates and times (RFC 3339), base64. */
#include "json/format.h"

#include "json/pattern.h"

/* Two digits at s, -1 when there are none. */
static int two(const char *s) {
    return format_is_digit(s[0]) && format_is_digit(s[1]) ? (s[0] - '0') * 10 + (s[1] - '0') : -1;
}

static bool format_date(const char *s, size_t n) {
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (n != 10 || s[4] != '-' || s[7] != '-') return false;
    int c = two(s), y = two(s + 2), m = two(s + 5), d = two(s + 8);
    if (c < 0 || y < 0 || m < 1 || m > 12 || d < 1) return false;
    bool leap = y % 4 == 0 && (y != 0 || c % 4 == 0);
    return d <= days[m - 1] + (m == 2 && leap);
}

/* Minutes east of UTC from "Z", "z" or "+09:00". */
static bool read_offset(const char *s, size_t n, int *minutes) {
    *minutes = 0;
    if (n == 1) return *s == 'Z' || *s == 'z';
    if (n != 6 || (*s != '+' && *s != '-') || s[3] != ':') return false;
    int h = two(s + 1), m = two(s + 4);
    if (h < 0 || h > 23 || m < 0 || m > 59) return false;
    *minutes = (*s == '-' ? -1 : 1) * (h * 60 + m);
    return true;
}

static bool format_time(const char *s, size_t n) {
    if (n < 9 || s[2] != ':' || s[5] != ':') return false;
    int h = two(s), m = two(s + 3), sec = two(s + 6), offset;
    if (h < 0 || h > 23 || m < 0 || m > 59 || sec < 0 || sec > 60) return false;
    size_t at = 8;
    if (s[at] == '.') {
        for (at++; at < n && format_is_digit(s[at]);) at++;
        if (at == 9) return false;
    }
    if (!read_offset(s + at, n - at, &offset)) return false;
    /* a leap second is inserted at the end of a UTC day, wherever the clock stands */
    return sec < 60 || (h * 60 + m - offset + 2 * 1440) % 1440 == 1439;
}

static bool format_date_time(const char *s, size_t n) {
    return n > 11 && (s[10] == 'T' || s[10] == 't') && format_date(s, 10) && format_time(s + 11, n - 11);
}

static const struct {
    const char *name;
    format_fn *fn;
} formats[] = {
    {"date-time", format_date_time},
    {"date", format_date},
    {"time", format_time},
    {"email", format_email},
    {"idn-email", format_idn_email},
    {"hostname", format_hostname},
    {"idn-hostname", format_idn_hostname},
    {"ipv4", format_ipv4},
    {"ipv6", format_ipv6},
    {"uri", format_uri},
    {"uri-reference", format_uri_reference},
    {"iri", format_iri},
    {"iri-reference", format_iri_reference},
    {"uri-template", format_uri_template},
    {"json-pointer", format_json_pointer},
    {"relative-json-pointer", format_relative_json_pointer},
    {"regex", pattern_valid},
    {"uuid", format_uuid},
};

format_fn *format_find(struct sv name) {
    for (size_t k = 0; k < sizeof formats / sizeof *formats; k++)
        if (sv_is(name, formats[k].name)) return formats[k].fn;
    return NULL;
}

static int base64_value(char c) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (format_is_digit(c)) return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool format_base64(const char *s, size_t n, struct buf *out) {
    if (n % 4) return false;
    size_t pad = 0;
    while (pad < 2 && pad < n && s[n - 1 - pad] == '=') pad++;
    for (size_t i = 0; i < n; i += 4) {
        uint32_t bits = 0;
        size_t have = i + 4 == n ? 4 - pad : 4;
        for (size_t k = 0; k < 4; k++) {
            int v = k < have ? base64_value(s[i + k]) : 0;
            if (v < 0) return false;
            bits = bits << 6 | (uint32_t)v;
        }
        char bytes[3] = {(char)(bits >> 16), (char)(bits >> 8), (char)bits};
        if (out) buf_add(out, bytes, have - 1);
    }
    return true;
}

/*
 * The values of `format`: one function each, true when the string conforms.
 *
 * All take valid UTF-8 that need not end in NUL, allocate nothing that they do
 * not free, keep no state and may run on any thread.
 */
#ifndef ETL_JSON_FORMAT_H
#define ETL_JSON_FORMAT_H

#include "base/mem.h"

typedef bool format_fn(const char *s, size_t n);

/* NULL for a name that neither draft-07 nor this product knows. */
format_fn *format_find(struct sv name);

/* RFC 4648 with padding and without blanks; appends the bytes to out (may be NULL). */
bool format_base64(const char *s, size_t n, struct buf *out);

/* format_net.c */
format_fn format_ipv4, format_ipv6, format_hostname, format_email, format_idn_email;
/* format_idn.c: a whole name, and one label as it is sent ("xn--...") */
format_fn format_idn_hostname, format_a_label;
/* format_uri.c */
format_fn format_uri, format_uri_reference, format_iri, format_iri_reference;
/* format_text.c */
format_fn format_uri_template, format_json_pointer, format_relative_json_pointer, format_uuid;

/* Code point at *s, which moves behind it; s < end and the text is valid UTF-8. */
static inline uint32_t format_next(const char **s) {
    const unsigned char *u = (const unsigned char *)*s;
    if (u[0] < 0x80) {
        *s += 1;
        return u[0];
    }
    if (u[0] < 0xE0) {
        *s += 2;
        return (uint32_t)(u[0] & 31) << 6 | (u[1] & 63);
    }
    if (u[0] < 0xF0) {
        *s += 3;
        return (uint32_t)(u[0] & 15) << 12 | (uint32_t)(u[1] & 63) << 6 | (u[2] & 63);
    }
    *s += 4;
    return (uint32_t)(u[0] & 7) << 18 | (uint32_t)(u[1] & 63) << 12 | (uint32_t)(u[2] & 63) << 6 | (u[3] & 63);
}
static inline bool format_is_digit(char c) {
    return c >= '0' && c <= '9';
}
static inline bool format_is_alpha(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
static inline bool format_is_hex(char c) {
    return format_is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

#endif

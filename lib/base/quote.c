/* JSON string literals; see mem.h. In the ground floor because the log writes them too. */
#include "base/mem.h"

static int utf8_at(const unsigned char *u, size_t left) {
    if (u[0] < 0x80) return 1;
    int n = u[0] >= 0xF0 ? 4 : u[0] >= 0xE0 ? 3 : u[0] >= 0xC2 ? 2 : 0;
    if (!n || u[0] > 0xF4 || (size_t)n > left) return 0;
    for (int k = 1; k < n; k++)
        if ((u[k] & 0xC0) != 0x80) return 0;
    if ((u[0] == 0xE0 && u[1] < 0xA0) || (u[0] == 0xED && u[1] > 0x9F)) return 0;
    if ((u[0] == 0xF0 && u[1] < 0x90) || (u[0] == 0xF4 && u[1] > 0x8F)) return 0;
    return n;
}

void json_quote(struct buf *b, struct sv s) {
    buf_chr(b, '"');
    size_t from = 0;
    for (size_t i = 0; i < s.n;) {
        unsigned char c = (unsigned char)s.p[i];
        if (c >= 0x20 && c < 0x7F && c != '"' && c != '\\') {
            i++;
            continue;
        }
        int n = c >= 0x80 ? utf8_at((const unsigned char *)s.p + i, s.n - i) : 0;
        bool control = n == 2 && c == 0xC2 && (unsigned char)s.p[i + 1] < 0xA0; /* C1: terminals obey it */
        if (n && !control) {
            i += (size_t)n;
            continue;
        }
        buf_add(b, s.p + from, i - from);
        static const char what[] = "\b\f\n\r\t\"\\", name[] = "bfnrt\"\\";
        const char *w = c ? strchr(what, c) : NULL;
        char two[2] = {'\\', w ? name[w - what] : 0};
        if (control)
            buf_fmt(b, "\\u%04x", (unsigned char)s.p[++i]);
        else if (c >= 0x80)
            buf_str(b, "\xEF\xBF\xBD");
        else if (w)
            buf_add(b, two, 2);
        else
            buf_fmt(b, "\\u%04x", c);
        from = ++i;
    }
    buf_add(b, s.p + from, s.n - from);
    buf_chr(b, '"');
}

void json_visible(struct buf *b, const char *json) {
    for (size_t n; *json; json += n) {
        const unsigned char *u = (const unsigned char *)json;
        bool c1 = u[0] == 0xC2 && u[1] >= 0x80 && u[1] < 0xA0;
        n = c1 ? 2 : 1;
        if (c1 || u[0] == 0x7F)
            buf_fmt(b, "\\u%04x", u[n - 1]);
        else
            buf_chr(b, *json);
    }
}

void json_text_quote(struct buf *b, const char *s) {
    json_quote(b, sv_of(s));
}

/* See width.h. */
#include "profile/width.h"

#include "base/log.h"
#include "json/format.h"

static const struct {
    uint32_t first, last;
    uint8_t columns;
} ranges[] = {
#include "profile/width.inc"
};

static size_t columns_of(uint32_t c) {
    size_t lo = 0, hi = sizeof ranges / sizeof *ranges;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (c > ranges[mid].last)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < sizeof ranges / sizeof *ranges && c >= ranges[lo].first ? ranges[lo].columns : 1;
}

size_t text_width(struct sv s) {
    size_t w = 0;
    for (const char *p = s.p, *end = s.p + s.n; p < end;) w += columns_of(format_next(&p));
    return w;
}

struct sv text_whole(struct sv s) {
    size_t n = s.n;
    while (n && s.n - n < 3 && ((unsigned char)s.p[n - 1] & 0xC0) == 0x80) n--;
    if (n && (unsigned char)s.p[n - 1] >= 0xC0) {
        unsigned char c = (unsigned char)s.p[n - 1];
        size_t need = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : 2;
        if (s.n - (n - 1) < need) s.n = n - 1;
    }
    return s;
}

/* Marks that reorder the rest of a line, and line separators. */
static bool turns(uint32_t c) {
    return (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0x200E || c == 0x200F || c == 0x2028 ||
           c == 0x2029 || c == 0x061C;
}

static void make_safe(struct buf *to, struct sv s) {
    struct buf clean = {0};
    log_clean(&clean, s); /* leaves line breaks and tabs, and is valid UTF-8 */
    for (const char *p = buf_text(&clean), *end = p + clean.n; p < end;) {
        const char *from = p;
        uint32_t c = format_next(&p);
        if (c == '\n')
            buf_str(to, "\\n");
        else if (c == '\t')
            buf_str(to, "\\t");
        else if (turns(c))
            buf_fmt(to, "\\u%04x", c);
        else
            buf_add(to, from, (size_t)(p - from));
    }
    buf_free(&clean);
}

void text_show(struct buf *b, struct sv s, size_t columns) {
    struct buf safe = {0};
    make_safe(&safe, s);
    struct sv t = {buf_text(&safe), safe.n};
    bool cut = text_width(t) > columns;
    size_t w = 0;
    const char *p = t.p, *end = t.p + t.n;
    while (cut && p < end) {
        const char *q = p;
        size_t k = columns_of(format_next(&q));
        if (w + k + 1 > columns) break;
        w += k;
        p = q;
    }
    buf_add(b, t.p, (size_t)((cut ? p : end) - t.p));
    if (cut) buf_str(b, "…");
    buf_free(&safe);
}

void text_pad(struct buf *b, size_t from, size_t columns, bool right) {
    size_t n = b->n - from, w = n ? text_width((struct sv){b->p + from, n}) : 0;
    if (w >= columns) return;
    size_t blanks = columns - w;
    char *to = buf_room(b, blanks);
    if (!to) return;
    char *start = b->p + from;
    if (right) memmove(start + blanks, start, n);
    memset(right ? start : start + n, ' ', blanks);
    b->n += blanks;
    b->p[b->n] = 0;
}

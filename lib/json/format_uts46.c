/*
 * See format_idn.h: the mapping of UTS 46, from the table that scripts/gen-uts46.py writes. Runs hold what goes to
 * one code point, at a constant distance (A-Z, or every second letter); strings hold the rest: ligatures to several,
 * invisible characters to none. Both are sorted.
 *
 * The text is not composed (NFC) afterwards: which code points a name may hold does not depend on it.
 */
#include "json/format_idn.h"

struct run {
    uint32_t from;
    uint16_t n, step;
    int32_t add;
};
struct string {
    uint32_t from;
    uint16_t n;
    const char *text;
};
#include "json/format_uts46.inc"

/* Index of the last row that begins at c or before, -1 when there is none. */
static long last_run(uint32_t c) {
    long low = -1, high = sizeof runs / sizeof *runs;
    while (high - low > 1) {
        long mid = (low + high) / 2;
        if (runs[mid].from <= c)
            low = mid;
        else
            high = mid;
    }
    return low;
}

static long last_string(uint32_t c) {
    long low = -1, high = sizeof strings / sizeof *strings;
    while (high - low > 1) {
        long mid = (low + high) / 2;
        if (strings[mid].from <= c)
            low = mid;
        else
            high = mid;
    }
    return low;
}

void format_put(struct buf *b, uint32_t u) {
    static const unsigned lead[] = {0, 0xC0, 0xE0, 0xF0};
    int tail = u < 0x80 ? 0 : u < 0x800 ? 1 : u < 0x10000 ? 2 : 3;
    buf_chr(b, (char)(lead[tail] | u >> (6 * tail)));
    while (tail-- > 0) buf_chr(b, (char)(0x80 | (u >> (6 * tail) & 63)));
}

void format_uts46_map(struct buf *out, const char *s, size_t n) {
    const char *end = s + n;
    while (s < end) {
        uint32_t c = format_next(&s);
        long k = last_run(c);
        if (k >= 0 && c - runs[k].from < (uint32_t)runs[k].n * runs[k].step && (c - runs[k].from) % runs[k].step == 0) {
            format_put(out, (uint32_t)((int32_t)c + runs[k].add));
            continue;
        }
        k = last_string(c);
        if (k >= 0 && c - strings[k].from < strings[k].n)
            buf_str(out, strings[k].text);
        else
            format_put(out, c);
    }
}

/* See charset.h. The tables and decoders are lexbor's. */
#include "extract/charset.h"

#include <lexbor/encoding/encoding.h>
#include <strings.h>

#include "json/scan_fast.h"

typedef const lxb_encoding_data_t *encoding_p;

static const struct scan_way *best_way(void) {
    const struct scan_way *best = scan_way(0), *w;
    for (size_t k = 1; (w = scan_way(k)); k++) best = w;
    return best;
}

static encoding_p by_name(struct sv name) {
    while (name.n && strchr(" \t\"'", name.p[0])) name.p++, name.n--;
    size_t n = 0;
    while (n < name.n && !strchr(" \t\"';,?>/", name.p[n])) n++;
    return n ? lxb_encoding_data_by_name((const lxb_char_t *)name.p, n) : NULL;
}

/* What follows the word and an = in s. */
static encoding_p after(struct sv s, const char *word) {
    size_t n = strlen(word);
    for (size_t i = 0; i + n < s.n; i++) {
        if (strncasecmp(s.p + i, word, n) != 0) continue;
        size_t k = i + n;
        while (k < s.n && (s.p[k] == ' ' || s.p[k] == '\t')) k++;
        if (k >= s.n || s.p[k] != '=') continue;
        encoding_p e = by_name((struct sv){s.p + k + 1, s.n - k - 1});
        if (e) return e;
    }
    return NULL;
}

static encoding_p in_content(struct sv body) {
    struct sv head = {body.p, body.n < 1024 ? body.n : 1024};
    if (head.n > 5 && memcmp(head.p, "<?xml", 5) == 0) {
        const char *end = memchr(head.p, '>', head.n);
        encoding_p e = after((struct sv){head.p, end ? (size_t)(end - head.p) : head.n}, "encoding");
        if (e) return e;
    }
    const char *p = head.p, *end = head.p + head.n;
    while (p < end && (p = memchr(p, '<', (size_t)(end - p)))) {
        const char *close = memchr(p, '>', (size_t)(end - p));
        if (!close) break;
        if (close - p > 5 && strncasecmp(p, "<meta", 5) == 0) {
            encoding_p e = after((struct sv){p, (size_t)(close - p)}, "charset");
            if (e) return e;
        }
        p = close;
    }
    return NULL;
}

static void put_utf8(struct buf *b, uint32_t c) {
    char s[4];
    size_t n = 0;
    if (c < 0x80) {
        s[n++] = (char)c;
    } else if (c < 0x800) {
        s[n++] = (char)(0xC0 | c >> 6);
        s[n++] = (char)(0x80 | (c & 63));
    } else if (c < 0x10000) {
        s[n++] = (char)(0xE0 | c >> 12);
        s[n++] = (char)(0x80 | (c >> 6 & 63));
        s[n++] = (char)(0x80 | (c & 63));
    } else {
        s[n++] = (char)(0xF0 | c >> 18);
        s[n++] = (char)(0x80 | (c >> 12 & 63));
        s[n++] = (char)(0x80 | (c >> 6 & 63));
        s[n++] = (char)(0x80 | (c & 63));
    }
    buf_add(b, s, n);
}

/* How many bytes meant nothing. */
static size_t decode(encoding_p enc, struct sv body, struct buf *out) {
    lxb_encoding_decode_t d;
    const lxb_char_t *p = (const lxb_char_t *)body.p, *end = p + body.n;
    size_t bad = 0;
    out->n = 0;
    if (lxb_encoding_decode_init_single(&d, enc) != LXB_STATUS_OK) return body.n;
    while (p < end && !out->over) {
        if (*p < 0x80 && enc->encoding != LXB_ENCODING_UTF_16LE && enc->encoding != LXB_ENCODING_UTF_16BE &&
            enc->encoding != LXB_ENCODING_ISO_2022_JP) {
            const lxb_char_t *from = p;
            while (p < end && *p < 0x80) p++;
            buf_add(out, from, (size_t)(p - from));
            continue;
        }
        const lxb_char_t *from = p;
        lxb_codepoint_t c = enc->decode_single(&d, &p, end);
        if (c > LXB_ENCODING_DECODE_MAX_CODEPOINT) {
            bad++;
            c = 0xFFFD;
            if (p == from) p++;
        }
        put_utf8(out, c);
    }
    return bad;
}

static bool has_high(struct sv s) {
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] >= 0x80) return true;
    return false;
}

static encoding_p said(struct sv body, const char *wanted, const char *content_type) {
    encoding_p e = wanted ? by_name(sv_of(wanted)) : NULL;
    if (!e && content_type) e = after(sv_of(content_type), "charset");
    return e ? e : in_content(body);
}

/* Bytes without any label that is to be believed. */
static const char *guess(struct sv body, struct buf *room, struct sv *text) {
    encoding_p korean = lxb_encoding_data(LXB_ENCODING_EUC_KR), latin = lxb_encoding_data(LXB_ENCODING_WINDOWS_1252);
    const char *name = "euc-kr";
    if (decode(korean, body, room)) {
        decode(latin, body, room);
        name = "windows-1252";
    }
    *text = (struct sv){buf_text(room), room->n};
    return name;
}

const char *charset_decode(struct sv body, const char *wanted, const char *content_type, struct buf *room,
                           struct sv *text) {
    lxb_encoding_t bom = lxb_encoding_bom_sniff((const lxb_char_t *)body.p, body.n);
    if (bom != LXB_ENCODING_DEFAULT && body.n) {
        size_t skip = bom == LXB_ENCODING_UTF_8 ? 3 : 2;
        body = (struct sv){body.p + skip, body.n - skip};
    }
    bool utf16 = bom == LXB_ENCODING_UTF_16LE || bom == LXB_ENCODING_UTF_16BE;
    bool utf8 = !utf16 && (!body.n || best_way()->utf8(body.p, body.n));
    encoding_p e = utf16 ? lxb_encoding_data(bom) : said(body, wanted, content_type);
    *text = body;
    if (e && (e->encoding == LXB_ENCODING_UTF_16LE || e->encoding == LXB_ENCODING_UTF_16BE) && !utf16 &&
        !memchr(body.p ? body.p : "", 0, body.n))
        e = NULL; /* said by a page that can be read: it is not */
    bool plain = !e || (e->encoding != LXB_ENCODING_UTF_16LE && e->encoding != LXB_ENCODING_UTF_16BE &&
                        e->encoding != LXB_ENCODING_ISO_2022_JP);
    if (utf8 && plain && (!e || e->encoding == LXB_ENCODING_UTF_8 || has_high(body) || !body.n)) return "utf-8";
    if (utf8 && plain) return (const char *)e->name; /* ASCII only */
    if (!e || e->encoding == LXB_ENCODING_UTF_8) {
        if (bom != LXB_ENCODING_UTF_8) return guess(body, room, text);
        e = lxb_encoding_data(LXB_ENCODING_UTF_8);
    }
    decode(e, body, room);
    *text = (struct sv){buf_text(room), room->n};
    return (const char *)e->name;
}

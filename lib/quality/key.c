/* Keys of groups and the text that orders their events, as numbers; see quality_impl.h. */
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/hash.h"
#include "quality/quality_impl.h"

enum key_kind { KEY_NULL, KEY_UUID, KEY_LONG, KEY_OTHER, KEY_SHORT = 16 /* plus its length */ };

void put_be64(uint8_t to[8], uint64_t x) {
    for (int i = 0; i < 8; i++) to[i] = (uint8_t)(x >> (56 - 8 * i));
}

uint64_t get_be64(const uint8_t from[8]) {
    uint64_t x = 0;
    for (int i = 0; i < 8; i++) x = x << 8 | from[i];
    return x;
}

/* 16 lower-case hex digits to 8 bytes. */
#ifdef __SSE2__
static bool hex_bytes(const char *p, void *out) {
    __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
    __m128i digit = _mm_and_si128(_mm_cmpgt_epi8(v, _mm_set1_epi8('0' - 1)), _mm_cmplt_epi8(v, _mm_set1_epi8('9' + 1)));
    __m128i alpha = _mm_and_si128(_mm_cmpgt_epi8(v, _mm_set1_epi8('a' - 1)), _mm_cmplt_epi8(v, _mm_set1_epi8('f' + 1)));
    if (_mm_movemask_epi8(_mm_or_si128(digit, alpha)) != 0xffff) return false;
    __m128i n = _mm_add_epi8(_mm_and_si128(v, _mm_set1_epi8(15)), _mm_and_si128(alpha, _mm_set1_epi8(9)));
    __m128i pairs = _mm_or_si128(_mm_slli_epi16(_mm_and_si128(n, _mm_set1_epi16(0xff)), 4), _mm_srli_epi16(n, 8));
    _mm_storel_epi64(out, _mm_packus_epi16(pairs, pairs));
    return true;
}
#else
static int hex_digit(char c) {
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}
static bool hex_bytes(const char *p, void *out) {
    uint8_t *to = out;
    for (int i = 0; i < 8; i++) {
        int hi = hex_digit(p[2 * i]), lo = hex_digit(p[2 * i + 1]);
        if (hi < 0 || lo < 0) return false;
        to[i] = (uint8_t)(hi << 4 | lo);
    }
    return true;
}
#endif

/* Canonical lower-case UUID text to its 16 bytes. */
static bool uuid_bytes(const char *p, size_t n, uint64_t out[2]) {
    char h[32];
    if (n != 36 || p[8] != '-' || p[13] != '-' || p[18] != '-' || p[23] != '-') return false;
    memcpy(h, p, 8);
    memcpy(h + 8, p + 9, 4);
    memcpy(h + 12, p + 14, 4);
    memcpy(h + 16, p + 19, 4);
    memcpy(h + 20, p + 24, 12);
    return hex_bytes(h, &out[0]) && hex_bytes(h + 16, &out[1]);
}

/* One text for equal values: 7, 7.0 and 70e-1 are one number, true is 1 and false 0, as in the system that etl
 * replaces. Whole numbers that a double cannot hold stay as they are written. */
static struct sv scalar_text(struct jval v, char *to, size_t n) {
    int64_t x;
    int len = -1;
    if (jv_type(v) == JT_TRUE || jv_type(v) == JT_FALSE)
        len = snprintf(to, n, "%d", jv_type(v) == JT_TRUE);
    else if (jv_type(v) == JT_NUM && jv_int(v, &x))
        len = snprintf(to, n, "%lld", (long long)x);
    else if (jv_type(v) == JT_NUM && !(jv_tok(v)->flags & JF_INT))
        len = snprintf(to, n, "%.17g", jv_num(v));
    return len < 0 ? jv_raw(v) : (struct sv){to, (size_t)len};
}

static inline void text_key(const char *p, size_t n, struct key *k) {
    if (uuid_bytes(p, n, k->w)) {
        k->kind = KEY_UUID;
    } else if (n <= 15) {
        struct word w = word_of(p, n);
        k->w[0] = k->w[1] = 0;
        if (n > 8) { /* the rest of the last eight bytes, without those that are in the first */
            k->w[0] = w.a;
            k->w[1] = w.b >> (8 * (16 - n));
        } else if (n) {
            memcpy(k->w, p, n);
        }
        k->kind = KEY_SHORT + n;
    } else {
        siphash128(p, n, k->w);
        k->kind = KEY_LONG;
    }
}

static void scalar_key(struct jval v, struct key *k) {
    char text[64];
    struct sv s = scalar_text(v, text, sizeof text);
    siphash128(s.p, s.n, k->w);
    k->kind = KEY_OTHER;
}

void key_of(struct jval v, struct key *k) {
    if (!v.t || jv_type(v) == JT_NULL) {
        *k = (struct key){0};
    } else if (jv_type(v) != JT_STR) {
        scalar_key(v, k);
    } else if (!(jv_tok(v)->flags & JF_ESC)) {
        struct sv s = jv_raw(v);
        text_key(s.p, s.n, k);
    } else {
        struct buf b = {0};
        jv_unescape(v, &b);
        text_key(b.p, b.n, k);
        buf_free(&b);
    }
}

void key_bytes(const struct key *k, uint8_t to[KEY_SIZE]) {
    memcpy(to, k->w, 16);
    to[16] = (uint8_t)k->kind;
}

const char *key_text(const struct key *k, struct buf *b) {
    uint8_t bytes[16];
    memcpy(bytes, k->w, 16);
    b->n = 0;
    if (k->kind == KEY_NULL) {
        buf_str(b, "null");
    } else if (k->kind >= KEY_SHORT) { /* to the first NUL: what is shown is text */
        buf_fmt(b, "\"%.*s\"", (int)(k->kind - KEY_SHORT), (const char *)bytes);
    } else if (k->kind != KEY_UUID) {
        buf_str(b, "...");
    } else {
        for (int i = 0; i < 16; i++)
            buf_fmt(b, "%s%02x", i == 0 ? "\"" : i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", bytes[i]);
        buf_chr(b, '"');
    }
    return b->p;
}

/* Signs of a suffix or a word, in the order of their bytes; 0 is the end. */
static const char signs[16] = "\0+-.0123456789:Z";
static int nibble_of(char c) {
    if (c >= '0' && c <= '9') return c - '0' + 4;
    switch (c) {
    case '+':
        return 1;
    case '-':
        return 2;
    case '.':
        return 3;
    case ':':
        return 14;
    case 'Z':
        return 15;
    default:
        return 0;
    }
}

/* The 96 bits of an order from the highest: nibble i. */
static void put_nibble(struct order *o, size_t i, int x) {
    if (i < 16)
        o->hi |= (uint64_t)x << (60 - 4 * i);
    else
        o->lo |= (uint32_t)x << (92 - 4 * i);
}
static int get_nibble(struct order o, size_t i) {
    return (i < 16 ? (int)(o.hi >> (60 - 4 * i)) : (int)(o.lo >> (92 - 4 * i))) & 15;
}

static bool put_signs(struct order *o, size_t from, const char *p, size_t n) {
    if (n > 24 - from) return false;
    for (size_t i = 0; i < n; i++) {
        int x = nibble_of(p[i]);
        if (!x) return false;
        put_nibble(o, from + i, x);
    }
    return true;
}

static unsigned two(const char *p) {
    return (unsigned)(p[0] - '0') * 10 + (unsigned)(p[1] - '0');
}

/* Eight bytes of digits, but for the signs of `form` at its places; little-endian as the machine reads them. */
static bool eight(const char *p, uint64_t form, uint64_t places) {
    uint64_t w;
    memcpy(&w, p, 8);
    if ((w & places) != form) return false;
    w = (w & ~places) | (places & 0x3030303030303030u);
    w ^= 0x3030303030303030u;
    return !(((w + 0x7676767676767676u) | w) & 0x8080808080808080u);
}

bool stamp_fields(const char *p, size_t n, struct stamp_fields *f) {
    if (n < 19 || (p[10] != 'T' && p[10] != ' ')) return false;
    if (!eight(p, 0x2d00002d00000000u, 0xff0000ff00000000u)) return false;                        /* 2026-01- */
    if (!eight(p + 11, 0x00003a00003a0000u, 0x0000ff0000ff0000u) || (unsigned)(p[8] - '0') > 9 || /* 10:00:00 */
        (unsigned)(p[9] - '0') > 9)
        return false;
    *f =
        (struct stamp_fields){two(p) * 100 + two(p + 2), two(p + 5), two(p + 8), two(p + 11), two(p + 14), two(p + 17)};
    return true;
}

struct order order_pack(const char *p, size_t n, const struct stamp_fields *f) {
    struct order o = {0};
    if (!n) return o;
    if (f && f->month < 16 && f->day < 32 && f->hour < 32 && f->minute < 64 && f->second < 64) {
        uint64_t x =
            (uint64_t)f->year << 26 | f->month << 22 | f->day << 17 | f->hour << 12 | f->minute << 6 | f->second;
        o.hi = x << 24;
        o.form = p[10] == 'T' ? FORM_T : FORM_BLANK;
        if (x && put_signs(&o, 10, p + 19, n - 19)) return o;
    } else {
        o.form = FORM_WORD;
        if (put_signs(&o, 0, p, n)) return o;
    }
    return (struct order){.form = FORM_ODD};
}

void order_text(struct order o, uint8_t text[ORDER_SIZE]) {
    size_t n = 0, i = 0;
    memset(text, 0, ORDER_SIZE);
    if (!o.hi) return; /* absent, whatever the form of the group's others */
    if (o.form == FORM_T || o.form == FORM_BLANK) {
        unsigned x = (unsigned)(o.hi >> 24), year = (unsigned)(o.hi >> 50);
        char s[ORDER_SIZE];
        n = (size_t)snprintf(s, sizeof s, "%04u-%02u-%02u%c%02u:%02u:%02u", year, x >> 22 & 15, x >> 17 & 31,
                             o.form == FORM_T ? 'T' : ' ', x >> 12 & 31, x >> 6 & 63, x & 63);
        memcpy(text, s, n);
        i = 10;
    }
    for (int x; i < 24 && (x = get_nibble(o, i)); i++) text[n++] = (uint8_t)signs[x];
}

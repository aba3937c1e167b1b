/*
 * See scan_fast.h: the index. One piece of code for all machines; what differs is how 64 bytes become four words of
 * bits (struct marks). The last bytes of a text are looked at in the last 64 of it, so nothing beyond is read.
 */
#include "json/scan_fast.h"

#ifdef SCAN_X86
#include <immintrin.h>
#endif

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-tree-slp-vectorize") /* it would gather the scalars of a block in vectors, one by one */
#endif

#define INLINE static inline __attribute__((always_inline))
#define BLOCK SCAN_BLOCK

struct marks { /* one bit for each of 64 bytes */
    uint64_t quote, slash, control, high;
};

/* ---- 64 bytes to bits ---- */

/* The top bits of eight bytes, the first byte's lowest. */
INLINE uint64_t gather(uint64_t x) {
    return ((x & 0x8080808080808080u) >> 7) * 0x0102040810204080u >> 56;
}
/* Top bit of each byte that is zero: exact, no carry runs from byte to byte. */
INLINE uint64_t zeros(uint64_t x) {
    return ~(((x & 0x7F7F7F7F7F7F7F7Fu) + 0x7F7F7F7F7F7F7F7Fu) | x);
}

static inline struct marks marks_plain(const char *p) {
    struct marks m = {0};
    for (int k = 0; k < BLOCK; k += 8) {
        uint64_t x;
        memcpy(&x, p + k, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        x = __builtin_bswap64(x);
#endif
        m.quote |= gather(zeros(x ^ 0x2222222222222222u)) << k;
        m.slash |= gather(zeros(x ^ 0x5C5C5C5C5C5C5C5Cu)) << k;
        m.control |= gather(zeros(x & 0xE0E0E0E0E0E0E0E0u)) << k;
        m.high |= gather(x) << k;
    }
    return m;
}

#ifdef SCAN_X86
static inline struct marks marks_sse2(const char *p) {
    const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\'), last = _mm_set1_epi8(0x1F);
    struct marks m = {0};
    for (int k = 0; k < BLOCK; k += 16) {
        __m128i x = _mm_loadu_si128((const __m128i *)(const void *)(p + k));
        m.quote |= (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(x, quote)) << k;
        m.slash |= (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(x, slash)) << k;
        m.control |= (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(x, last), x)) << k;
        m.high |= (uint64_t)(uint32_t)_mm_movemask_epi8(x) << k;
    }
    return m;
}

SCAN_AVX2 static inline struct marks marks_avx2(const char *p) {
    const __m256i quote = _mm256_set1_epi8('"'), slash = _mm256_set1_epi8('\\'), last = _mm256_set1_epi8(0x1F);
    struct marks m = {0};
    for (int k = 0; k < BLOCK; k += 32) {
        __m256i x = _mm256_loadu_si256((const __m256i *)(const void *)(p + k));
        m.quote |= (uint64_t)(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(x, quote)) << k;
        m.slash |= (uint64_t)(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(x, slash)) << k;
        m.control |= (uint64_t)(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_min_epu8(x, last), x)) << k;
        m.high |= (uint64_t)(uint32_t)_mm256_movemask_epi8(x) << k;
    }
    return m;
}
#endif

/* ---- bits to the index ---- */

/* Bytes that a backslash escapes. *carry: is the first byte of this (then the next) block one? *starts gets the
 * backslashes that begin an escape. Of a run of backslashes each second one is escaped by the one before: subtracting
 * finds the end of the run, the parity of the positions tells the two sorts apart. */
INLINE uint64_t escaped_by(uint64_t slash, uint64_t *carry, uint64_t *starts) {
    const uint64_t odd = 0xAAAAAAAAAAAAAAAAu;
    uint64_t first = slash & ~*carry;
    uint64_t ends = (((first << 1) | odd) - first) ^ odd;
    uint64_t escaped = ends ^ (slash | *carry);
    *starts = ends & slash;
    *carry = *starts >> 63;
    return escaped;
}

static bool is_hex(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Is each escape that begins in this block one that JSON has? */
static bool escapes_known(uint64_t starts, const char *text, size_t at, size_t len) {
    static const char kind[256] = {
        ['"'] = 1, ['\\'] = 1, ['/'] = 1, ['b'] = 1, ['f'] = 1, ['n'] = 1, ['r'] = 1, ['t'] = 1, ['u'] = 2};
    for (; starts; starts &= starts - 1) {
        size_t k = at + (size_t)__builtin_ctzll(starts) + 1;
        if (k >= len) return false;
        char is = kind[(unsigned char)text[k]];
        if (!is) return false;
        if (is == 2 && (len - k < 5 || !is_hex(text[k + 1]) || !is_hex(text[k + 2]) || !is_hex(text[k + 3]) ||
                        !is_hex(text[k + 4])))
            return false;
    }
    return true;
}

/* Bit i: is byte i inside a string (its opening quote, not its closing one)? */
static uint64_t inside(uint64_t quote) {
    for (int k = 1; k < 64; k <<= 1) quote ^= quote << k;
    return quote;
}

/* The offsets of the bits, eight at a time: to write some too many costs less than to guess how many there are. */
INLINE uint32_t *put_offsets(uint32_t *q, uint64_t bits, uint32_t at, unsigned n) {
    for (unsigned k = 0; k < n; k += 8)
        for (unsigned j = 0; j < 8; j++, bits &= bits - 1) q[k + j] = at + (uint32_t)__builtin_ctzll(bits | 1ull << 63);
    return q + n;
}

struct state {
    uint32_t *q;
    uint64_t carry; /* the next byte is escaped */
    uint64_t open;  /* all ones: the next byte is inside a string */
};

INLINE bool add_block(struct scan_index *x, struct state *st, struct marks m, const char *text, size_t at, size_t len) {
    size_t w = at / BLOCK;
    if (__builtin_expect((m.slash | st->carry) != 0, 0)) {
        uint64_t starts;
        m.quote &= ~escaped_by(m.slash, &st->carry, &starts);
        if (!escapes_known(starts, text, at, len)) return false;
    }
    x->slash[w] = m.slash;
    x->high[w] = m.high;
    x->any_slash |= m.slash;
    x->any_high |= m.high;
    if (__builtin_expect(m.control != 0, 0) && (m.control & (inside(m.quote) ^ st->open))) return false;
    unsigned n = (unsigned)__builtin_popcountll(m.quote);
    st->open ^= 0 - (uint64_t)(n & 1);
    st->q = put_offsets(st->q, m.quote, (uint32_t)at, n);
    return true;
}

typedef struct marks marks_fn(const char *p);

INLINE bool index_with(marks_fn *marks, struct scan_index *x, const char *text, size_t len) {
    x->any_slash = x->any_high = 0;
    struct state st = {.q = x->quote};
    size_t at = 0;
    for (; at + BLOCK <= len; at += BLOCK)
        if (!add_block(x, &st, marks(text + at), text, at, len)) return false;
    if (at < len) {
        struct marks m;
        unsigned gone = (unsigned)(BLOCK - (len - at)); /* bytes of the last 64 that have been looked at */
        if (len >= BLOCK) {
            m = marks(text + len - BLOCK);
        } else {
            char copy[BLOCK] = {0};
            memcpy(copy + gone, text, len);
            m = marks(copy);
        }
        m = (struct marks){m.quote >> gone, m.slash >> gone, m.control >> gone, m.high >> gone};
        if (!add_block(x, &st, m, text, at, len)) return false;
    }
    if (st.open || st.carry) return false;
    st.q[0] = st.q[1] = UINT32_MAX;
    return true;
}

static bool index_plain(struct scan_index *x, const char *text, size_t len) {
    return index_with(marks_plain, x, text, len);
}
static const struct scan_way plain = {"plain", index_plain, scan_utf8_plain};

#ifdef SCAN_X86
static bool index_sse2(struct scan_index *x, const char *text, size_t len) {
    return index_with(marks_sse2, x, text, len);
}
SCAN_AVX2 static bool index_avx2(struct scan_index *x, const char *text, size_t len) {
    return index_with(marks_avx2, x, text, len);
}
static const struct scan_way sse2 = {"sse2", index_sse2, scan_utf8_plain};
static const struct scan_way avx2 = {"avx2", index_avx2, scan_utf8_avx2};

static bool have_avx2(void) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
           __builtin_cpu_supports("popcnt");
}

const struct scan_way *scan_way(size_t k) {
    if (k == 2) return have_avx2() ? &avx2 : NULL;
    return k == 0 ? &plain : k == 1 ? &sse2 : NULL;
}
#else
const struct scan_way *scan_way(size_t k) {
    return k == 0 ? &plain : NULL;
}
#endif

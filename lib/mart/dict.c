/* See dict.h. Open addressing with the upper half of the hash in the slot; the seed is drawn once per process, so that
 * nobody can prepare values that all fall into one slot. */
#include "mart/dict.h"

#include <math.h>
#include <sys/random.h>

#define TEXT_MAX ((size_t)1 << 21)

/* A value in 8 bytes, for a look-up to touch one place: its type in 3 bits, a text's length in 21 and its offset in 40;
 * of a number, in place of the offset, where its bits are in `num`. */
static uint64_t pack(enum value_type type, size_t n, size_t at) {
    return (uint64_t)at << 24 | (uint64_t)n << 3 | type;
}
#define OFFSET(v) ((v) >> 24)
#define LENGTH(v) ((v) >> 3 & (TEXT_MAX - 1))
#define MOST_VALUES ((uint32_t)1 << 30)

static uint64_t seed;

static uint64_t mix(uint64_t a, uint64_t b) {
    unsigned __int128 m = (unsigned __int128)a * b;
    return (uint64_t)m ^ (uint64_t)(m >> 64);
}

static uint64_t load8(const char *p) {
    uint64_t v;
    memcpy(&v, p, 8);
    return v;
}

static inline uint32_t load4(const char *p) {
    uint32_t v;
    memcpy(&v, p, 4);
    return v;
}

/* Up to 16 bytes as two numbers, which with n say all of them. */
static inline void two_words(const char *p, size_t n, uint64_t *a, uint64_t *b) {
    *a = *b = 0;
    if (n >= 8) {
        *a = load8(p);
        *b = load8(p + n - 8);
    } else if (n >= 4) {
        *a = load4(p);
        *b = load4(p + n - 4);
    } else {
        for (size_t i = 0; i < n; i++) *a = *a << 8 | (uint8_t)p[i];
    }
}

static uint64_t hash_bytes(const char *p, size_t n) {
    uint64_t h = seed ^ n, a, b;
    for (; n > 16; n -= 8, p += 8) h = mix(h ^ load8(p), 0x9e3779b97f4a7c15u);
    two_words(p, n, &a, &b);
    return mix(h ^ a, 0xd6e8feb86659fd93u ^ seed ^ (b << 1 | b >> 63));
}

#define MEMO 64
struct dict_memo {
    uint64_t a, b;
    uint32_t n, code; /* code 0: none */
};

void dict_init(struct dict *d) {
    static bool seeded;
    if (!seeded) {
        if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) != sizeof seed) seed = (uint64_t)(uintptr_t)d;
        seeded = true;
    }
    *d = (struct dict){.n = 1, .cap = 16, .mask = 31};
    d->val = mem_alloc(d->cap * sizeof *d->val);
    d->slots = mem_alloc((d->mask + 1) * sizeof *d->slots);
}

void dict_free(struct dict *d) {
    free(d->num);
    free(d->val);
    free(d->text);
    free(d->slots);
    free(d->memo);
    free(d->rank);
    *d = (struct dict){0};
}

static void more_slots(struct dict *d) {
    uint64_t *old = d->slots;
    uint32_t n = d->mask + 1;
    d->mask = n * 2 - 1;
    d->slots = mem_alloc((size_t)n * 2 * sizeof *d->slots);
    for (uint32_t i = 0; i < n; i++) {
        if (!old[i]) continue;
        uint32_t k = (uint32_t)(old[i] >> 32) & d->mask;
        while (d->slots[k]) k = (k + 1) & d->mask;
        d->slots[k] = old[i];
    }
    free(old);
}

static uint32_t append(struct dict *d, uint64_t val, uint32_t slot, uint32_t hash) {
    if (d->n == MOST_VALUES) return NO_CODE;
    if (d->n == d->cap) {
        d->cap *= 2;
        d->val = mem_grow(d->val, d->cap * sizeof *d->val);
    }
    uint32_t code = d->n++;
    d->val[code] = val;
    d->has[val & 7] = true;
    d->slots[slot] = (uint64_t)hash << 32 | (code + 1);
    if (d->n > (d->mask >> 2) * 3) more_slots(d);
    return code;
}

static uint32_t hash_number(enum value_type type, uint64_t bits) {
    return (uint32_t)mix(bits ^ seed, 0x9e3779b97f4a7c15u + type);
}

static uint32_t number(struct dict *d, enum value_type type, uint64_t bits, uint32_t hash) {
    uint32_t k = hash & d->mask;
    for (; d->slots[k]; k = (k + 1) & d->mask) {
        uint32_t code = (uint32_t)d->slots[k] - 1;
        if ((uint32_t)(d->slots[k] >> 32) == hash && (d->val[code] & 7) == type && d->num[OFFSET(d->val[code])] == bits)
            return code;
    }
    if (d->nnum == d->cap_num) {
        d->cap_num = d->cap_num ? d->cap_num * 2 : 16;
        d->num = mem_grow(d->num, d->cap_num * sizeof *d->num);
    }
    d->num[d->nnum] = bits;
    return append(d, pack(type, 0, d->nnum++), k, hash);
}

uint32_t dict_int(struct dict *d, int64_t v) {
    return number(d, VALUE_INTEGER, (uint64_t)v, hash_number(VALUE_INTEGER, (uint64_t)v));
}

uint32_t dict_real(struct dict *d, double v) {
    uint64_t bits;
    if (isnan(v)) return 0;
    memcpy(&bits, &v, 8);
    return number(d, VALUE_REAL, bits, hash_number(VALUE_REAL, bits));
}

/* memcmp without a call for what identifiers are. */
static inline bool same_bytes(const char *a, const char *b, size_t n) {
    if (n > 24) return memcmp(a, b, n) == 0;
    if (n >= 8) {
        uint64_t diff = (load8(a) ^ load8(b)) | (load8(a + n - 8) ^ load8(b + n - 8));
        if (n > 16) diff |= load8(a + 8) ^ load8(b + 8);
        return !diff;
    }
    if (n >= 4) return load4(a) == load4(b) && load4(a + n - 4) == load4(b + n - 4);
    for (size_t i = 0; i < n; i++)
        if (a[i] != b[i]) return false;
    return true;
}

static uint32_t bytes(struct dict *d, enum value_type type, const char *p, size_t n, uint32_t hash) {
    uint32_t k = hash & d->mask;
    for (; d->slots[k]; k = (k + 1) & d->mask) {
        uint32_t code = (uint32_t)d->slots[k] - 1;
        if ((uint32_t)(d->slots[k] >> 32) == hash && (d->val[code] & 0xffffff) == pack(type, n, 0) &&
            same_bytes(d->text + OFFSET(d->val[code]), p, n))
            return code;
    }
    if (n >= TEXT_MAX || d->ntext + n >= (size_t)1 << 40) return NO_CODE;
    if (d->ntext + n >= d->cap_text) {
        d->cap_text = (d->ntext + n) * 3 / 2 + 1024;
        d->text = mem_grow(d->text, d->cap_text);
    }
    memcpy(d->text + d->ntext, p, n);
    uint32_t code = append(d, pack(type, n, d->ntext), k, hash);
    d->ntext += n;
    return code;
}

/* Canonical UUIDs (lower case) are a third of the bytes of a warehouse's identifiers. */
static const char hex[] = "0123456789abcdef";
static const uint8_t uuid_at[16] = {0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34};

/* Eight digits at once. false: not all of them are 0-9a-f. */
static inline bool unhex8(uint64_t x, char *out) {
    const uint64_t ones = 0x0101010101010101u;
    uint64_t nib = (x & ones * 0x0f) + (x >> 6 & ones) * 9;
    uint64_t letter = (nib + ones * 6) >> 4 & ones;
    if ((nib & ones * 0xf0) || nib + ones * 0x30 + letter * 0x27 != x) return false;
    uint64_t y = (nib << 4 | nib >> 8) & 0x00ff00ff00ff00ffu;
    y = (y | y >> 8) & 0x0000ffff0000ffffu;
    uint32_t four = (uint32_t)(y | y >> 16);
    memcpy(out, &four, 4);
    return true;
}

static bool uuid_pack(const char *p, char out[16]) {
    if (p[8] != '-' || p[13] != '-' || p[18] != '-' || p[23] != '-') return false;
    return unhex8(load8(p), out) && unhex8(load4(p + 9) | (uint64_t)load4(p + 14) << 32, out + 4) &&
           unhex8(load4(p + 19) | (uint64_t)load4(p + 24) << 32, out + 8) && unhex8(load8(p + 28), out + 12);
}

static void uuid_text(const char *p, char *out) {
    for (int i = 0; i < 16; i++) {
        out[uuid_at[i]] = hex[(uint8_t)p[i] >> 4];
        out[uuid_at[i] + 1] = hex[(uint8_t)p[i] & 15];
    }
    out[8] = out[13] = out[18] = out[23] = '-';
}

uint32_t dict_text(struct dict *d, const char *p, size_t n) {
    char packed[16];
    if (n == 36 && uuid_pack(p, packed)) return bytes(d, VALUE_UUID, packed, 16, (uint32_t)hash_bytes(packed, 16));
    return bytes(d, VALUE_TEXT, p, n, (uint32_t)hash_bytes(p, n));
}

void dict_item_int(struct dict_item *it, int64_t v) {
    it->type = VALUE_INTEGER;
    it->bits = (uint64_t)v;
    it->hash = hash_number(VALUE_INTEGER, it->bits);
}

void dict_item_real(struct dict_item *it, double v) {
    it->type = isnan(v) ? VALUE_NULL : VALUE_REAL;
    memcpy(&it->bits, &v, 8);
    it->hash = hash_number(VALUE_REAL, it->bits);
}

/* Columns of few values (a type, a platform) say the same short words again and again. */
static bool recall(struct dict *d, struct dict_item *it, const char *p, size_t n) {
    uint64_t a, b;
    if (!d->memo) d->memo = mem_alloc(MEMO * sizeof *d->memo);
    two_words(p, n, &a, &b);
    struct dict_memo *m = &d->memo[(a ^ b * 3 ^ n) * 0x9e3779b97f4a7c15u >> 58];
    if (m->n != n || m->a != a || m->b != b || !m->code)
        *m = (struct dict_memo){a, b, (uint32_t)n, bytes(d, VALUE_TEXT, p, n, (uint32_t)hash_bytes(p, n))};
    it->type = VALUE_KNOWN;
    it->n = m->code;
    return true;
}

void dict_item_text(struct dict *d, struct dict_item *it, const char *p, size_t n) {
    if (n <= 16 && d->n < 256 && recall(d, it, p, n)) return;
    bool packed = n == 36 && uuid_pack(p, it->packed);
    it->type = packed ? VALUE_UUID : VALUE_TEXT;
    it->p = p;
    it->n = packed ? 16 : n < TEXT_MAX ? (uint32_t)n : TEXT_MAX;
    it->hash = (uint32_t)hash_bytes(packed ? it->packed : p, it->n);
}

/* Three looks ahead: the slot, what it says of the value, the value's bytes. */
static void look_ahead(const struct dict *d, const struct dict_item *it, size_t n) {
    for (size_t i = 0; i < n; i++) __builtin_prefetch(&d->slots[it[i].hash & d->mask]);
    for (size_t i = 0; i < n; i++) {
        uint64_t slot = d->slots[it[i].hash & d->mask];
        if (slot && it[i].type) __builtin_prefetch(&d->val[(uint32_t)slot - 1]);
    }
    for (size_t i = 0; i < n; i++) {
        uint64_t slot = d->slots[it[i].hash & d->mask];
        if (slot && (it[i].type == VALUE_TEXT || it[i].type == VALUE_UUID))
            __builtin_prefetch(d->text + OFFSET(d->val[(uint32_t)slot - 1]));
    }
}

void dict_codes(struct dict *d, const struct dict_item *it, size_t n, uint32_t *codes) {
    if (d->n > 1000) look_ahead(d, it, n);
    for (size_t i = 0; i < n; i++) {
        if (it[i].type == VALUE_NULL)
            codes[i] = 0;
        else if (it[i].type == VALUE_KNOWN)
            codes[i] = it[i].n;
        else if (it[i].type < VALUE_TEXT)
            codes[i] = number(d, it[i].type, it[i].bits, it[i].hash);
        else
            codes[i] = bytes(d, it[i].type, it[i].type == VALUE_UUID ? it[i].packed : it[i].p, it[i].n, it[i].hash);
    }
}

void dict_join(struct dict *d, const struct dict *from, uint32_t *codes) {
    struct dict_item it[256];
    codes[0] = 0;
    for (uint32_t at = 1; at < from->n; at += 256) {
        uint32_t n = from->n - at < 256 ? from->n - at : 256;
        for (uint32_t i = 0; i < n; i++) {
            uint64_t v = from->val[at + i];
            it[i].type = v & 7;
            it[i].n = (uint32_t)LENGTH(v);
            if (it[i].type < VALUE_TEXT)
                it[i].bits = from->num[OFFSET(v)];
            else
                it[i].p = from->text + OFFSET(v);
            if (it[i].type == VALUE_UUID) memcpy(it[i].packed, it[i].p, 16);
            it[i].hash =
                it[i].type < VALUE_TEXT ? hash_number(it[i].type, it[i].bits) : (uint32_t)hash_bytes(it[i].p, it[i].n);
        }
        dict_codes(d, it, n, codes + at);
    }
}

struct sv dict_get_text(const struct dict *d, uint32_t code, char *buf) {
    const char *p = d->text + OFFSET(d->val[code]);
    if ((d->val[code] & 7) != VALUE_UUID) return (struct sv){p, LENGTH(d->val[code])};
    uuid_text(p, buf);
    return (struct sv){buf, 36};
}

void dict_seal(struct dict *d) {
    free(d->slots);
    free(d->memo);
    d->slots = NULL;
    d->memo = NULL;
}

size_t dict_bytes(const struct dict *d) {
    return (size_t)d->cap * 8 + d->cap_text + (size_t)d->cap_num * 8 + (d->slots ? ((size_t)d->mask + 1) * 8 : 0) +
           (d->rank ? (size_t)d->n * 4 : 0);
}

/* ---- order ---- */

struct place {
    uint64_t prefix; /* of a text: its first 8 bytes that are not common to all, as a number that sorts alike */
    uint32_t code;
};

static int compare_numbers(const struct dict *d, uint32_t a, uint32_t b) {
    bool ra = dict_type(d, a) == VALUE_REAL, rb = dict_type(d, b) == VALUE_REAL;
    if (!ra && !rb) {
        int64_t x = dict_get_int(d, a), y = dict_get_int(d, b);
        return (x > y) - (x < y);
    }
    /* long double holds both exactly, as in sqlite3IntFloatCompare */
    long double x = ra ? (long double)dict_get_real(d, a) : (long double)dict_get_int(d, a);
    long double y = rb ? (long double)dict_get_real(d, b) : (long double)dict_get_int(d, b);
    return (x > y) - (x < y);
}

static int compare_texts(const struct dict *d, uint32_t a, uint32_t b) {
    char ba[36], bb[36];
    struct sv x = dict_get_text(d, a, ba), y = dict_get_text(d, b, bb);
    size_t n = x.n < y.n ? x.n : y.n;
    int c = n ? memcmp(x.p, y.p, n) : 0;
    return c ? c : (x.n > y.n) - (x.n < y.n);
}

static int by_number(const void *a, const void *b, void *d) {
    const struct place *x = a, *y = b;
    int c = compare_numbers(d, x->code, y->code);
    return c ? c : (x->code > y->code) - (x->code < y->code);
}

static int by_text(const void *a, const void *b, void *d) {
    const struct place *x = a, *y = b;
    return compare_texts(d, x->code, y->code);
}

/* Least significant byte first; passes in which all bytes are alike are left out. */
static void radix(struct place *p, size_t n) {
    struct place *to = mem_grow(NULL, n * sizeof *to), *from = p;
    for (int shift = 0; shift < 64; shift += 8) {
        size_t count[257] = {0};
        for (size_t i = 0; i < n; i++) count[(from[i].prefix >> shift & 255) + 1]++;
        if (count[(from[0].prefix >> shift & 255) + 1] == n) continue;
        for (int i = 0; i < 256; i++) count[i + 1] += count[i];
        for (size_t i = 0; i < n; i++) to[count[from[i].prefix >> shift & 255]++] = from[i];
        struct place *swap = from;
        from = to;
        to = swap;
    }
    if (from != p) memcpy(p, from, n * sizeof *p);
    free(from != p ? from : to);
}

static size_t common_prefix(const struct dict *d, const struct place *p, size_t n) {
    char ba[36], bb[36];
    struct sv first = dict_get_text(d, p[0].code, ba);
    size_t same = first.n;
    for (size_t i = 1; i < n && same; i++) {
        struct sv t = dict_get_text(d, p[i].code, bb);
        if (t.n < same) same = t.n;
        if (memcmp(first.p, t.p, same) == 0) continue;
        size_t k = 0;
        while (first.p[k] == t.p[k]) k++;
        same = k;
    }
    return same;
}

static void sort_texts(struct dict *d, struct place *p, size_t n) {
    size_t skip = common_prefix(d, p, n);
    for (size_t i = 0; i < n; i++) {
        char b[36], key[8] = {0};
        struct sv t = dict_get_text(d, p[i].code, b);
        memcpy(key, t.p + skip, t.n - skip < 8 ? t.n - skip : 8);
        p[i].prefix = __builtin_bswap64(load8(key));
    }
    radix(p, n);
    for (size_t i = 0, k; i < n; i = k) {
        for (k = i + 1; k < n && p[k].prefix == p[i].prefix; k++) {
        }
        if (k - i > 1) qsort_r(p + i, k - i, sizeof *p, by_text, d);
    }
}

void dict_rank(struct dict *d) {
    if (d->rank) return;
    struct place *p = mem_grow(NULL, ((size_t)d->n + 1) * sizeof *p);
    size_t numbers = 0, texts = 0;
    for (uint32_t c = 1; c < d->n; c++)
        if (dict_type(d, c) < VALUE_TEXT) p[numbers++].code = c;
    for (uint32_t c = 1; c < d->n; c++)
        if (dict_type(d, c) >= VALUE_TEXT) p[numbers + texts++].code = c;
    if (numbers) qsort_r(p, numbers, sizeof *p, by_number, d);
    if (texts) sort_texts(d, p + numbers, texts);
    d->rank = mem_grow(NULL, (size_t)d->n * sizeof *d->rank);
    d->rank[0] = 0;
    uint32_t rank = 0;
    for (size_t i = 0; i < numbers + texts; i++) {
        bool tie = i && i < numbers && compare_numbers(d, p[i - 1].code, p[i].code) == 0;
        d->ties = d->ties || tie;
        rank += !tie;
        d->rank[p[i].code] = rank;
    }
    free(p);
}

/* See uuid.h. A digit's value and whether it is one come from one table, and errors are added up without a branch. */
#include "base/uuid.h"

static const uint8_t digit[256] = {
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7, ['7'] = 8, ['8'] = 9,
    ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16}; /* plus one; 0 is none */

bool uuid_parse(struct sv s, uint8_t out[16]) {
    static const uint8_t at[16] = {0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34};
    const unsigned char *p = (const unsigned char *)s.p;
    if (s.n != UUID_TEXT) return false;
    unsigned bad = (unsigned)(p[8] ^ '-') | (unsigned)(p[13] ^ '-') | (unsigned)(p[18] ^ '-') | (unsigned)(p[23] ^ '-');
    for (int i = 0; i < 16; i++) {
        unsigned hi = digit[p[at[i]]] - 1u, lo = digit[p[at[i] + 1]] - 1u;
        bad |= (hi | lo) >> 8; /* what was 0 has its high bits set now */
        out[i] = (uint8_t)(hi << 4 | lo);
    }
    return !bad;
}

void uuid_text(const uint8_t u[16], char out[UUID_TEXT]) {
    size_t n = 0;
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) out[n++] = '-';
        out[n++] = "0123456789abcdef"[u[i] >> 4];
        out[n++] = "0123456789abcdef"[u[i] & 15];
    }
}

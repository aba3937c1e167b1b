/* Internationalized host names, the parts of format_idn.c: mapping (UTS 46) and punycode (RFC 3492). */
#ifndef ETL_JSON_FORMAT_IDN_H
#define ETL_JSON_FORMAT_IDN_H

#include "json/format.h"

#define HOST_MAX 253
#define LABEL_MAX 63

/* format_uts46.c: append the text as it is looked up: lower case, full width and ligatures resolved, what is
 * invisible left out, the four full stops as one. */
void format_uts46_map(struct buf *out, const char *s, size_t n);
void format_put(struct buf *b, uint32_t code_point); /* as UTF-8 */

/* format_puny.c. A label without its "xn--". Decoding gives the number of code points, 0 when it is no punycode;
 * encoding the number of bytes, or something above LABEL_MAX when they are too many. */
size_t format_puny_decode(const char *s, size_t n, uint32_t out[LABEL_MAX]);
size_t format_puny_encode(const uint32_t *cp, size_t n, char out[LABEL_MAX]);

#endif

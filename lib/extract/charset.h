/*
 * The encoding of an answer: what pages say about it is often wrong, so what the bytes themselves say comes first.
 *
 *   1. a byte order mark
 *   2. bytes that are valid UTF-8 (and hold some that are not ASCII) are UTF-8, whatever anybody says
 *   3. the encoding that the definition wants, the Content-Type header names, or the content does
 *      (<meta charset>, <?xml encoding?> in the first 1,024 bytes): any of the WHATWG Encoding Standard,
 *      EUC-KR being CP949 and ISO-8859-1 Windows-1252 there
 *   4. where that was UTF-8, which it is not, or nobody says anything: CP949 if all of it can be read so, else
 * Windows-1252
 *
 * Bytes that mean nothing become U+FFFD.
 */
#ifndef ETL_EXTRACT_CHARSET_H
#define ETL_EXTRACT_CHARSET_H

#include "base/mem.h"

/* The body as UTF-8 without byte order mark: *text is the body itself, or what was put into `room`. wanted and
 * content_type may be NULL. The encoding's name ("utf-8", "euc-kr"). room has its maximum set by the caller. */
const char *charset_decode(struct sv body, const char *wanted, const char *content_type, struct buf *room,
                           struct sv *text);

#endif

/* Canonical UUIDs: 36 characters, lower-case hexadecimal, dashes at 8, 13, 18 and 23 (RFC 9562, section 4). */
#ifndef ETL_BASE_UUID_H
#define ETL_BASE_UUID_H

#include "base/mem.h"

#define UUID_TEXT 36
bool uuid_parse(struct sv s, uint8_t out[16]);            /* false: s is none; out is then undefined */
void uuid_text(const uint8_t u[16], char out[UUID_TEXT]); /* no NUL */

#endif

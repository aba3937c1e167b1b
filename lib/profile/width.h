/* Texts in the columns of a terminal, safe to print. Private to the room. */
#ifndef ETL_PROFILE_WIDTH_H
#define ETL_PROFILE_WIDTH_H

#include "base/mem.h"

/* Columns of valid UTF-8 (UAX #11 East Asian Width; combining marks take none). */
size_t text_width(struct sv s);
/* A value on one line: controls and what turns the direction of writing made visible, secrets hidden, and cut to
 * `columns` with an ellipsis where it is longer. */
void text_show(struct buf *b, struct sv s, size_t columns);
/* The text without the part of a character that a cut by bytes may have left at its end. */
struct sv text_whole(struct sv s);
/* Blanks up to a width, before or after what b holds from `from` on. */
void text_pad(struct buf *b, size_t from, size_t columns, bool right);

#endif

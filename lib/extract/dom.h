/*
 * HTML documents: parsed as browsers do (lexbor), asked by CSS selectors, read as text.
 *
 * Text of an element: what stands in it without scripts and styles; white space (also no-break and ideographic spaces)
 * collapses to one blank, the edges of blocks, rows and cells are blanks, <br> is the separator `br`, which does not
 * stand at the ends or twice in a row. One dom belongs to one thread; nodes live until the next dom_parse.
 */
#ifndef ETL_EXTRACT_DOM_H
#define ETL_EXTRACT_DOM_H

#include "base/err.h"
#include "base/mem.h"

struct dom;
struct dom_node; /* an element */
struct dom_selector;

struct dom *dom_new(void);
void dom_free(struct dom *h);
/* text is UTF-8. The document replaces the one before. false with why when it is beyond the limits. */
bool dom_parse(struct dom *h, struct sv text, const char **why);
struct dom_node *dom_root(struct dom *h);

/* ERR_CONFIG when it is no selector. Lives as long as h. */
int dom_selector(struct dom *h, const char *text, struct dom_selector **out, struct err *e);
/* Every element at or below `from` that matches, in the order of the document; stops when take returns false. */
void dom_select(struct dom *h, struct dom_node *from, const struct dom_selector *s,
                bool (*take)(void *ctx, struct dom_node *n), void *ctx);
struct dom_node *dom_first(struct dom *h, struct dom_node *from, const struct dom_selector *s);

void dom_text(struct dom_node *n, const char *br, struct buf *out);
void dom_source(struct dom_node *n, struct buf *out);                   /* as HTML again */
bool dom_attribute(struct dom_node *n, const char *name, struct sv *v); /* false: not there */
void text_collapse(struct sv s, struct buf *out);                       /* white space as above */

#endif

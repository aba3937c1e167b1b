/*
 * HTML documents: parsed as browsers do (lexbor), asked by CSS selectors, read as text.
 *
 * Text of an element: what stands in it without scripts and styles; white space (also no-break and ideographic spaces)
 * collapses to one blank, the edges of blocks, rows and cells are blanks, <br> is the separator `br`, which does not
 * stand at the ends or twice in a row. One html belongs to one thread; nodes live until the next html_parse.
 */
#ifndef ETL_EXTRACT_HTML_H
#define ETL_EXTRACT_HTML_H

#include "base/err.h"
#include "base/mem.h"

struct html;
struct html_node; /* an element */
struct html_selector;

struct html *html_new(void);
void html_free(struct html *h);
/* text is UTF-8. The document replaces the one before. false with why when it is beyond the limits. */
bool html_parse(struct html *h, struct sv text, const char **why);
struct html_node *html_root(struct html *h);

/* ERR_CONFIG when it is no selector. Lives as long as h. */
int html_selector(struct html *h, const char *text, struct html_selector **out, struct err *e);
/* Every element at or below `from` that matches, in the order of the document; stops when take returns false. */
void html_select(struct html *h, struct html_node *from, const struct html_selector *s,
                 bool (*take)(void *ctx, struct html_node *n), void *ctx);
struct html_node *html_first(struct html *h, struct html_node *from, const struct html_selector *s);

void ex_html_text(struct html_node *n, const char *br, struct buf *out);
void ex_html_source(struct html_node *n, struct buf *out);                   /* as HTML again */
bool html_attribute(struct html_node *n, const char *name, struct sv *v); /* false: not there */
void text_collapse(struct sv s, struct buf *out);                         /* white space as above */

#endif

/* Private to lib/report: writing HTML, and the parts of a page. Everything that is not a literal goes through
 * html_text. */
#ifndef ETL_REPORT_HTML_H
#define ETL_REPORT_HTML_H

#include "report/report.h"

/* Text or the inside of a quoted attribute: escaped, control characters made visible. */
void html_text(struct buf *b, const char *s);
void html_element(struct buf *b, const char *tag, const char *text);
void html_head_cell(struct buf *b, const char *label, bool number);
void html_shown(struct buf *b, const struct report *r, const struct report_cell *c, const struct pl_shown *col);
/* May a value be followed as a link: is it relative, or http? */
bool html_is_address(const char *s);
/* What plays a part in a row, and its column; the cell NULL where no column does. */
const struct report_cell *table_cell(const struct report_table *t, size_t row, enum block_role role);
const struct pl_shown *table_column(const struct report_table *t, enum block_role role);
/* data-k0="..": the values that choosers pick by. */
void html_picks(struct buf *b, const struct report *r, const struct report_table *t, size_t row);
/* "Source: mart_orders (2026-01-16 02:00)" */
void html_source(struct buf *b, const struct report *r, const struct report_table *t);
/* The block's rows as a table. heading: id of what names it. */
void html_table(struct buf *b, const struct report *r, const struct report_table *t);

/* Head with style and Content-Security-Policy, up to and with <body><main>; and the end. script: the page's own script
 * and, with charts, the library. language: two letters. */
struct html_frame {
    const char *language, *title, *description;
    bool script, charts;
};
void html_begin(struct buf *b, const struct html_frame *f);
void html_end(struct buf *b, const struct html_frame *f);

void block_html(struct buf *b, const struct report *r, const struct report_table *t);
void block_checks(struct buf *b, const struct report *r);
void block_stages(struct buf *b, const struct report *r);
void block_heat(struct buf *b, const struct report *r, const struct report_table *t);
void block_map(struct buf *b, const struct report *r, const struct report_table *t);
void block_lineage(struct buf *b, const struct pipeline *p, bool several);
/* Parts of a page with blocks. */
void page_words(struct buf *b, const struct report *r);
void page_choosers(struct buf *b, const struct report *r);
void page_tab(struct buf *b, const struct report *r, const struct pl_tab *t, size_t no, bool several);
bool page_has_charts(const struct report *r);

#endif

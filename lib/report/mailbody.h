/*
 * HTML that mail programs show: nested tables, inline styles, no style sheet, no script, no pictures, nothing fetched.
 * Widths are at most 640 pixels; wide tables scroll where the program can, else wrap.
 */
#ifndef ETL_REPORT_MAILBODY_H
#define ETL_REPORT_MAILBODY_H

#include "report/report.h"

#define MAIL_P                                                                                                         \
    "<p style=\"margin:8px 0;font:14px/1.5 Arial,'Malgun Gothic','Apple SD Gothic Neo',sans-serif;color:#222\">"

void mail_escape(struct buf *b, const char *s); /* NULL writes nothing */
void mail_open(struct buf *b, const char *language, const char *title, const char *color);
void mail_close(struct buf *b, const char *foot); /* foot: a last line, NULL none */
void mail_heading(struct buf *b, const char *text);
void mail_table_open(struct buf *b);
void mail_row_open(struct buf *b, bool head);
void mail_cell(struct buf *b, const char *text, bool head, bool right); /* NULL: an empty cell */
void mail_row_close(struct buf *b);
void mail_table_close(struct buf *b);

/* Such HTML as text, for programs that show no other. */
void mail_text(const char *html, struct buf *b);

/* The day's report by its definition: figures, checks with samples, tables (the first rows of long ones). */
void report_mail(const struct report *r, struct buf *b);

#endif

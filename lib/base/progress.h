/*
 * Progress on a terminal: one line on standard error, renewed a few times a second, gone when the work is.
 *
 *   validate events  412 MB of 1.17 GB  35 %  380 MB/s  0:02 left
 *
 * Off unless main says that standard error is a terminal. One piece of work at a time, told from one thread.
 */
#ifndef ETL_BASE_PROGRESS_H
#define ETL_BASE_PROGRESS_H

#include "base/poison.h"

void progress_enable(bool on);
void progress_begin(const char *stage, const char *what); /* strings must live until progress_end */
void progress_expect(uint64_t bytes);                     /* adds to the total; 0 so far: no percentage, no time left */
void progress_add(uint64_t bytes);
void progress_unit(const char *unit); /* it is not bytes that are counted: "URLs"; until progress_end */
void progress_end(void);
void progress_clear(void); /* before something else is written to the terminal */

#endif

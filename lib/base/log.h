/*
 * Logs: text or JSON lines on standard error, and JSON lines in a run's own file.
 * Every line passes the redactor: a registered secret is written as ***.
 *
 *   {"time":"2026-01-16T02:00:03Z","level":"info","pipeline":"commerce","day":"2026-01-15",
 *    "run_id":"...","stage":"validate","dataset":"events","msg":"..."}
 *
 * One logger for the process, set up by main; safe from several threads.
 */
#ifndef ETL_BASE_LOG_H
#define ETL_BASE_LOG_H

#include "base/mem.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

struct log_place {
    const char *pipeline, *day, *run_id, *stage, *dataset; /* NULL where not known */
};

void log_setup(enum log_level least, bool json, bool color);
bool log_is_json(void);
bool log_shows(enum log_level level);
/* Lines of all levels also go to this file (appended); NULL closes. false when it cannot be opened. */
bool log_file(const char *path);
/* What the lines are about from here on, in this process; the strings are copied (cut to 127 bytes). */
void log_place_set(struct log_place p);
struct log_place log_place_get(void);

void log_line(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* To the log file only: failures, which the caller tells on standard error when all is over. */
void log_keep(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, __VA_ARGS__)
#define log_warn(...) log_line(LOG_WARN, __VA_ARGS__)
#define log_error(...) log_line(LOG_ERROR, __VA_ARGS__)

/* Text for a terminal: control characters and escape sequences made visible, secrets hidden. */
void log_clean(struct buf *out, struct sv s);

/* A value that must never be shown. Values shorter than 4 bytes are not registered (they would
 * blot out ordinary text); secret_add says so by returning false. */
bool secret_add(const char *value);
void secret_hide(struct buf *b, size_t from); /* in place, from that offset on */
void secret_free(void);
/* ${NAME} in s replaced by the environment's value, or by the text of the file that NAME_FILE names there (without the
 * line breaks at its end); either becomes a secret. $${ is a literal ${. Result in the arena. ERR_CONFIG names the
 * first variable that is not set, ERR_NOINPUT a file that cannot be read. */
struct err;
int secret_expand(const char *s, struct arena *a, char **out, struct err *e);
/* No core file of this process, and none of its children that do not ask for one: memory and environment hold secrets.
 */
void secret_keep_from_cores(void);

#endif

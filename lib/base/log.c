/* See log.h. A line is built whole and written by one write(2), so that two processes that share a
 * file or a terminal do not mix letters. */
#include "base/log.h"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "base/day.h"
#include "base/err.h"
#include "base/progress.h"

static struct {
    pthread_mutex_t lock;
    enum log_level least;
    bool json, color;
    int fd;
    struct log_place place;
} lg = {.lock = PTHREAD_MUTEX_INITIALIZER, .least = LOG_INFO, .fd = -1};

static const char *const level_names[] = {"debug", "info", "warning", "error"};
static const char *const level_colors[] = {"\033[2m", "", "\033[33m", "\033[31m"};

void log_setup(enum log_level least, bool json, bool color) {
    lg.least = least;
    lg.json = json;
    lg.color = color;
}

bool log_is_json(void) {
    return lg.json;
}

bool log_shows(enum log_level level) {
    return level >= lg.least;
}

bool log_file(const char *path) {
    if (lg.fd >= 0) close(lg.fd);
    lg.fd = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0644) : -1;
    return !path || lg.fd >= 0;
}

void log_place_set(struct log_place p) {
    static char keep[5][128];
    const char **parts[] = {&p.pipeline, &p.day, &p.run_id, &p.stage, &p.dataset};
    for (int k = 0; k < 5; k++) {
        if (!*parts[k]) continue;
        if (*parts[k] != keep[k]) snprintf(keep[k], sizeof keep[k], "%s", *parts[k]);
        *parts[k] = keep[k];
    }
    lg.place = p;
}

struct log_place log_place_get(void) {
    return lg.place;
}

/* Length of a well-formed UTF-8 character that is no C1 control (which 8-bit terminals obey), 0 otherwise. */
static size_t shown_utf8(const unsigned char *u, size_t left) {
    size_t n = u[0] >= 0xF0 && u[0] <= 0xF4 ? 4 : u[0] >= 0xE0 && u[0] < 0xF0 ? 3 : u[0] >= 0xC2 && u[0] < 0xE0 ? 2 : 0;
    if (!n || n > left) return 0;
    for (size_t k = 1; k < n; k++)
        if ((u[k] & 0xC0) != 0x80) return 0;
    return u[0] == 0xC2 && u[1] < 0xA0 ? 0 : n;
}

/* A copy without secrets: what is escaped afterwards would not be known again. */
static struct buf without_secrets(struct sv s) {
    struct buf b = {0};
    buf_sv(&b, s);
    secret_hide(&b, 0);
    return b;
}

void log_clean(struct buf *out, struct sv text) {
    size_t from = out->n;
    struct buf copy = without_secrets(text);
    struct sv s = {buf_text(&copy), copy.n};
    const unsigned char *u = (const unsigned char *)s.p;
    for (size_t i = 0; i < s.n;) {
        size_t n =
            u[i] < 0x80 ? (u[i] == '\n' || u[i] == '\t' || (u[i] >= 0x20 && u[i] != 0x7F)) : shown_utf8(u + i, s.n - i);
        if (n)
            buf_add(out, s.p + i, n);
        else
            buf_fmt(out, "\\x%02x", u[i]);
        i += n ? n : 1;
    }
    secret_hide(out, from); /* what came together with the text before */
    buf_free(&copy);
}

static void field(struct buf *b, const char *name, const char *value) {
    if (!value) return;
    struct buf copy = without_secrets(sv_of(value));
    buf_fmt(b, ",\"%s\":", name);
    json_quote(b, (struct sv){buf_text(&copy), copy.n});
    buf_free(&copy);
}

static void json_line(struct buf *b, enum log_level level, const char *msg) {
    buf_fmt(b, "{\"time\":\"%s\",\"level\":\"%s\"", utc_text(now_utc()).s, level_names[level]);
    field(b, "pipeline", lg.place.pipeline);
    field(b, "day", lg.place.day);
    field(b, "run_id", lg.place.run_id);
    field(b, "stage", lg.place.stage);
    field(b, "dataset", lg.place.dataset);
    field(b, "msg", msg);
    buf_str(b, "}\n");
}

static void text_line(struct buf *b, enum log_level level, const char *msg) {
    struct log_place p = lg.place;
    if (lg.color) buf_str(b, level_colors[level]);
    buf_str(b, "etl: ");
    if (p.pipeline) buf_fmt(b, "%s%s%s: ", p.pipeline, p.day ? " " : "", p.day ? p.day : "");
    if (p.stage) buf_fmt(b, "%s%s%s: ", p.stage, p.dataset ? " " : "", p.dataset ? p.dataset : "");
    if (level == LOG_WARN) buf_str(b, "warning: ");
    if (level == LOG_ERROR) buf_str(b, "error: ");
    log_clean(b, sv_of(msg));
    if (lg.color && *level_colors[level]) buf_str(b, "\033[0m");
    buf_chr(b, '\n');
}

static void put(int fd, const struct buf *b) {
    for (size_t done = 0; done < b->n;) {
        ssize_t n = write(fd, b->p + done, b->n - done);
        if (n <= 0) return; /* a log that cannot be written must not stop the work */
        done += (size_t)n;
    }
}

static void write_line(enum log_level level, bool shown, const char *msg) {
    pthread_mutex_lock(&lg.lock);
    struct buf b = {.max = 1 << 16};
    if (shown) {
        progress_clear();
        if (lg.json)
            json_line(&b, level, msg);
        else
            text_line(&b, level, msg);
        secret_hide(&b, 0);
        put(2, &b);
    }
    if (lg.fd >= 0) {
        b.n = 0;
        json_line(&b, level, msg);
        secret_hide(&b, 0);
        put(lg.fd, &b);
    }
    buf_free(&b);
    pthread_mutex_unlock(&lg.lock);
}

void log_line(enum log_level level, const char *fmt, ...) {
    bool shown = level >= lg.least;
    if (!shown && lg.fd < 0) return;
    char msg[4096];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(msg, sizeof msg, fmt, ap);
    va_end(ap);
    write_line(level, shown, msg);
}

void log_keep(enum log_level level, const char *fmt, ...) {
    if (lg.fd < 0) return;
    char msg[4096];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(msg, sizeof msg, fmt, ap);
    va_end(ap);
    write_line(level, false, msg);
}

/* See err.h. The catalogue becomes one table; nothing here allocates. */
#include "base/err.h"

#include <errno.h>

static const struct {
    const char *name;
    int status;
    int retry;
    const char *meaning;
} catalogue[ERR_COUNT] = {
#define ERR(name, status, retry, meaning) {#name, status, retry, meaning},
#include "base/err.def"
#undef ERR
};

static int known(int code) {
    return code >= 0 && code < ERR_COUNT ? code : ERR_INTERNAL;
}

int err_set(struct err *e, int code, const char *fmt, ...) {
    if (e) {
        va_list ap;
        va_start(ap, fmt);
        vsnprintf(e->msg, sizeof e->msg, fmt, ap);
        va_end(ap);
        e->code = code;
        e->sys = 0;
    }
    return code;
}

int err_sys(struct err *e, int code, const char *fmt, ...) {
    int saved = errno;
    if (saved == ENOSPC || saved == EDQUOT) code = ERR_NOSPACE;
    if (saved == EPIPE) code = ERR_CLOSED;
    if (e) {
        va_list ap;
        va_start(ap, fmt);
        vsnprintf(e->msg, sizeof e->msg, fmt, ap);
        va_end(ap);
        size_t n = strlen(e->msg);
        snprintf(e->msg + n, sizeof e->msg - n, ": %s", strerror(saved));
        e->code = code;
        e->sys = saved;
    }
    return code;
}

int err_in(struct err *e, const char *fmt, ...) {
    char old[sizeof e->msg];
    memcpy(old, e->msg, sizeof old);
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(e->msg, sizeof e->msg, fmt, ap);
    va_end(ap);
    size_t n = strlen(e->msg);
    snprintf(e->msg + n, sizeof e->msg - n, ": %s", old);
    return e->code;
}

const char *err_name(int code) {
    return catalogue[known(code)].name;
}
const char *err_meaning(int code) {
    return catalogue[known(code)].meaning;
}
int err_status(int code) {
    return catalogue[known(code)].status;
}
int err_retryable(int code) {
    return catalogue[known(code)].retry;
}

/*
 * Failures: one code of the catalogue (err.def) and one message that names the
 * place and says what to do.
 *
 * A function that can fail returns int, ERR_OK (0) or a code, and fills the
 * caller's struct err. The first failure is the one that is told: err_set on an
 * err that already holds one overwrites it, so set it once, where it happened;
 * on the way up err_in() puts the place in front ("FILE:LINE:COL: ...").
 * A struct err is plain memory: no freeing; not shared between threads.
 */
#ifndef ETL_BASE_ERR_H
#define ETL_BASE_ERR_H

#include "base/poison.h"

enum err_code {
#define ERR(name, status, retry, meaning) ERR_##name,
#include "base/err.def"
#undef ERR
    ERR_COUNT
};

struct err {
    int code;
    int sys;        /* errno at the time, 0 if none */
    char msg[1400]; /* one line, or several separated by \n, no trailing \n */
};

/* Fill e (may be NULL) and return code. */
int err_set(struct err *e, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* As err_set for a failed system call: appends ": strerror(errno)"; ENOSPC, EDQUOT become
 * ERR_NOSPACE and EPIPE ERR_CLOSED, whatever code was asked for. */
int err_sys(struct err *e, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Put "place: " in front of the message; returns e->code. */
int err_in(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

const char *err_name(int code);    /* "GATE" */
const char *err_meaning(int code); /* "the quality gate failed" */
int err_status(int code);          /* exit status of the contract */
int err_retryable(int code);       /* 1 if trying again may help */

#endif

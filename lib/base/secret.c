/* Values that must not be shown; see log.h. Registered once at start, before threads. */
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"

#define SECRET_MAX 65536 /* bytes of a file that holds one */

static char **values;
static size_t count;

static void keep(const char *value) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(values[i], value) == 0) return;
    values = mem_grow(values, (count + 1) * sizeof *values);
    size_t at = count++; /* longest first: where one begins with another, all of the longer is hidden */
    for (; at > 0 && strlen(values[at - 1]) < strlen(value); at--) values[at] = values[at - 1];
    values[at] = mem_str(value);
}

bool secret_add(const char *value) {
    if (!value || strlen(value) < 4) return false;
    struct buf quoted = {0};
    keep(value);
    json_text_quote(&quoted, value); /* as it stands in a JSON text */
    quoted.p[--quoted.n] = 0;
    keep(quoted.p + 1);
    buf_free(&quoted);
    return true;
}

void secret_hide(struct buf *b, size_t from) {
    for (size_t i = 0; i < count && b->n; i++) {
        size_t len = strlen(values[i]);
        char *p = b->p + from;
        while ((p = memmem(p, b->n - (size_t)(p - b->p), values[i], len))) {
            memcpy(p, "***", 3);
            memmove(p + 3, p + len, b->n - (size_t)(p - b->p) - len + 1);
            b->n -= len - 3;
            p += 3;
        }
    }
}

void secret_free(void) {
    for (size_t i = 0; i < count; i++) free(values[i]);
    free(values);
    values = NULL;
    count = 0;
}

void secret_keep_from_cores(void) {
    struct rlimit l;
    if (getrlimit(RLIMIT_CORE, &l) != 0) return;
    /* one byte: too little for a core file, and the one limit at which the kernel does not start a core program */
    l.rlim_cur = l.rlim_max < 1 ? l.rlim_max : 1;
    setrlimit(RLIMIT_CORE, &l);
}

/* The text of NAME_FILE's file, without the line breaks at its end. */
static int read_secret(const char *name, const char *path, struct buf *b, struct err *e) {
    int fd = open(path, O_RDONLY | O_CLOEXEC), rc = ERR_OK;
    ssize_t n = 0;
    if (fd < 0) return err_sys(e, ERR_NOINPUT, "%s_FILE: cannot read %s", name, path);
    b->max = SECRET_MAX;
    for (char *to; rc == ERR_OK && (to = buf_room(b, 4096)) && (n = read(fd, to, 4096)) != 0;) {
        if (n > 0) b->n += (size_t)n;
        if (n < 0 && errno != EINTR) rc = err_sys(e, ERR_NOINPUT, "%s_FILE: cannot read %s", name, path);
    }
    close(fd);
    if (rc == ERR_OK && b->over)
        rc = err_set(e, ERR_CONFIG, "%s_FILE: %s is larger than %d bytes", name, path, SECRET_MAX);
    while (b->n && (b->p[b->n - 1] == '\n' || b->p[b->n - 1] == '\r')) b->n--;
    if (b->p) b->p[b->n] = 0;
    if (rc == ERR_OK && !b->n) rc = err_set(e, ERR_CONFIG, "%s_FILE: %s is empty", name, path);
    return rc;
}

/* The value of NAME: from the environment, or from the file that NAME_FILE names there. */
static int add_value(const char *name, struct arena *a, struct buf *out, struct err *e) {
    struct buf b = {0};
    const char *value = getenv(name), *path = getenv(arena_fmt(a, "%s_FILE", name));
    int rc = ERR_OK;
    if (!value || !*value) {
        rc = path && *path ? read_secret(name, path, &b, e)
                           : err_set(e, ERR_CONFIG, "environment variable %s is not set (nor %s_FILE)", name, name);
        value = buf_text(&b);
    }
    if (rc == ERR_OK) {
        secret_add(value);
        buf_str(out, value);
    }
    buf_free(&b);
    return rc;
}

int secret_expand(const char *s, struct arena *a, char **out, struct err *e) {
    struct buf b = {0};
    int rc = ERR_OK;
    while (*s && rc == ERR_OK) {
        if (s[0] == '$' && s[1] == '$' && s[2] == '{') {
            buf_str(&b, "${");
            s += 3;
            continue;
        }
        const char *end = s[0] == '$' && s[1] == '{' ? strchr(s, '}') : NULL;
        if (!end) {
            buf_chr(&b, *s++);
            continue;
        }
        rc = add_value(arena_strn(a, s + 2, (size_t)(end - s - 2)), a, &b, e);
        s = end + 1;
    }
    *out = arena_strn(a, buf_text(&b), b.n);
    buf_free(&b);
    return rc;
}

/* Values that must not be shown; see log.h. Registered once at start, before threads. */
#include "base/err.h"
#include "base/log.h"

static char **values;
static size_t count;

bool secret_add(const char *value) {
    if (!value || strlen(value) < 4) return false;
    for (size_t i = 0; i < count; i++)
        if (strcmp(values[i], value) == 0) return true;
    values = mem_grow(values, (count + 1) * sizeof *values);
    size_t at = count++; /* longest first: where one begins with another, all of the longer is hidden */
    for (; at > 0 && strlen(values[at - 1]) < strlen(value); at--) values[at] = values[at - 1];
    values[at] = mem_str(value);
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

int secret_expand(const char *s, struct arena *a, char **out, struct err *e) {
    struct buf b = {0};
    int rc = ERR_OK;
    while (*s) {
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
        char *name = arena_strn(a, s + 2, (size_t)(end - s - 2));
        const char *value = getenv(name);
        if (!value || !*value) {
            rc = err_set(e, ERR_CONFIG, "environment variable %s is not set", name);
            break;
        }
        secret_add(value);
        buf_str(&b, value);
        s = end + 1;
    }
    *out = arena_strn(a, buf_text(&b), b.n);
    buf_free(&b);
    return rc;
}

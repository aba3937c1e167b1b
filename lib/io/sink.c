/* See sink.h. Bytes gather in a 256 KiB buffer; with gzip they pass gzip.c on the way to it. A file that is larger than
 * that is written by a thread of its own: copying to the system is a fifth of what a stage that reads and writes takes,
 * and belongs on the other core. */
#include "io/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "io/behind.h"
#include "io/file.h"
#include "io/gzip.h"
#include "io/hasher.h"
#include "io/writeback.h"

#define SINK_BUFFER (256 << 10)

struct sink {
    int fd;
    bool is_stdout, inside, quick;
    bool direct; /* a device or FIFO: nothing to sync, nothing to rename */
    char *path, *tmp;
    char *buf;
    size_t n;
    uint64_t bytes;           /* taken */
    uint64_t written, hinted; /* and up to where the system was told to begin */
    struct behind *behind;    /* who writes; NULL: who calls. digest, sha, written, hinted are its own until it ends */
    struct gzip *gzip;        /* NULL: as it is */
    struct hasher *sha;       /* NULL: not asked for */
    struct digest digest;
};

static bool ends_with(const char *s, const char *tail) {
    size_t n = strlen(s), m = strlen(tail);
    return n > m && strcmp(s + n - m, tail) == 0;
}

static void sink_free(struct sink *s) {
    gzip_close(s->gzip);
    behind_end(s->behind, NULL);
    hasher_end(s->sha, NULL);
    if (s->quick) {
        char hex[65];
        digest_hex(&s->digest, hex);
    }
    if (s->fd >= 0 && !s->is_stdout) close(s->fd);
    free(s->path);
    free(s->tmp);
    free(s->buf);
    free(s);
}

/* What is no regular file (a device, a FIFO) is written to as it is; a link is followed, and what it leads to is
 * replaced. */
static int open_file(struct sink *s, const char *path, struct err *e) {
    struct stat st;
    char *real = s->inside ? NULL : realpath(path, NULL);
    if (real) {
        free(s->path);
        s->path = real;
    }
    if (!s->inside && stat(s->path, &st) == 0 && !S_ISREG(st.st_mode)) {
        s->direct = true;
        s->fd = open(s->path, O_WRONLY | O_CLOEXEC);
    } else {
        size_t room = strlen(s->path) + 32;
        s->tmp = mem_alloc(room);
        snprintf(s->tmp, room, s->inside ? "%s" : "%s.tmp-%d", s->path, (int)getpid());
        s->fd = s->inside ? open(s->tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644) : file_create(s->tmp);
    }
    return s->fd >= 0 ? ERR_OK : err_sys(e, ERR_IO, "cannot write %s", path);
}

/* Now and then, for what will be synced in the end. */
static void hint(struct sink *s) {
    if (s->written - s->hinted < 8 << 20 || s->is_stdout || s->direct) return;
    writeback_hint(s->fd, s->hinted, s->written - s->hinted);
    s->hinted = s->written;
}

static int write_out(void *sink, char **buf, size_t n, struct err *e) {
    struct sink *s = sink;
    if (s->quick) digest_add(&s->digest, *buf, n);
    int rc = fd_write(s->fd, *buf, n, s->path, e);
    if (s->sha) *buf = hasher_take(s->sha, *buf, n);
    s->written += n;
    hint(s);
    return rc;
}

static int flush(struct sink *s, struct err *e) {
    if (!s->n) return ERR_OK;
    size_t n = s->n;
    s->n = 0;
    s->bytes += n;
    if (n == SINK_BUFFER && s->tmp && !s->behind) s->behind = behind_start(write_out, s, SINK_BUFFER);
    return s->behind ? behind_write(s->behind, &s->buf, n, e) : write_out(s, &s->buf, n, e);
}

/* All that was taken is in the file. */
static int flush_all(struct sink *s, struct err *e) {
    int rc = flush(s, e), late = behind_end(s->behind, rc ? NULL : e);
    s->behind = NULL;
    return rc ? rc : late;
}

static int put(struct sink *s, const char *p, size_t n, struct err *e) {
    if (n >= SINK_BUFFER && !s->sha && !s->tmp) { /* large pieces need no copy */
        int rc = flush(s, e);
        if (s->quick) digest_add(&s->digest, p, n);
        s->bytes += n;
        return rc ? rc : fd_write(s->fd, p, n, s->path, e);
    }
    while (n) {
        size_t room = SINK_BUFFER - s->n, take = n < room ? n : room;
        memcpy(s->buf + s->n, p, take);
        s->n += take;
        p += take;
        n -= take;
        if (s->n == SINK_BUFFER) {
            int rc = flush(s, e);
            if (rc) return rc;
        }
    }
    return ERR_OK;
}

static int put_squeezed(void *sink, const char *p, size_t n, struct err *e) {
    return put(sink, p, n, e);
}

int sink_open(struct sink **out, const char *path, int flags, struct err *e) {
    struct sink *s = mem_alloc(sizeof *s);
    s->is_stdout = !path || strcmp(path, "-") == 0;
    s->path = mem_str(s->is_stdout ? "standard output" : path);
    s->inside = (flags & SINK_INSIDE) != 0;
    s->buf = mem_grow(NULL, SINK_BUFFER);
    s->fd = 1;
    if (!s->is_stdout) {
        int rc = open_file(s, path, e);
        if (rc) {
            sink_free(s);
            return rc;
        }
    }
    if (flags & SINK_GZIP || (!s->is_stdout && ends_with(path, ".gz"))) {
        int rc = gzip_open(&s->gzip, gzip_threads(), put_squeezed, s, e);
        if (rc) {
            sink_abort(s);
            return rc;
        }
    }
    if (flags & SINK_SHA256) s->sha = hasher_start(SINK_BUFFER);
    if (flags & SINK_QUICK) {
        s->quick = true;
        digest_start(&s->digest);
    }
    *out = s;
    return ERR_OK;
}

int sink_write(struct sink *s, const void *p, size_t n, struct err *e) {
    if (!n) return ERR_OK;
    return s->gzip ? gzip_write(s->gzip, p, n, e) : put(s, p, n, e);
}

bool sink_is_file(const char *path) {
    struct stat st;
    if (!path || strcmp(path, "-") == 0 || ends_with(path, ".gz")) return false;
    return stat(path, &st) != 0 || S_ISREG(st.st_mode);
}

int sink_detach(struct sink *s, struct err *e) {
    int fd = -1;
    if (flush_all(s, e) == ERR_OK) {
        int again = open(s->tmp, O_RDWR | O_CLOEXEC);
        if (again < 0 || lseek(again, 0, SEEK_SET) != 0) err_sys(e, ERR_IO, "cannot reread %s", s->tmp);
        fd = again;
    }
    sink_abort(s);
    return fd;
}

int sink_commit(struct sink *s, struct sink_result *res, struct err *e) {
    struct sink_result unused;
    if (!res) res = &unused;
    *res = (struct sink_result){0};
    int rc = s->gzip ? gzip_finish(s->gzip, e) : ERR_OK;
    if (rc == ERR_OK) rc = flush_all(s, e);
    res->bytes = s->bytes;
    if (rc == ERR_OK && s->sha) {
        hasher_end(s->sha, res->sha256);
        s->sha = NULL;
    }
    if (rc == ERR_OK && s->quick) {
        digest_hex(&s->digest, res->quick);
        s->quick = false;
    }
    bool file = !s->is_stdout && !s->direct;
    if (rc == ERR_OK && file && fd_sync(s->fd) != 0) rc = err_sys(e, ERR_IO, "cannot sync %s", s->path);
    if (rc == ERR_OK && file && !s->inside) {
        struct arena a = {0};
        if (rename(s->tmp, s->path) != 0) rc = err_sys(e, ERR_IO, "cannot put %s in place", s->path);
        if (rc == ERR_OK) rc = dir_sync(path_dir(s->path, &a), e);
        arena_free(&a);
    }
    if (rc != ERR_OK) {
        sink_abort(s);
        return rc;
    }
    sink_free(s);
    return ERR_OK;
}

void sink_abort(struct sink *s) {
    if (!s) return;
    if (s->tmp && s->fd >= 0) unlink(s->tmp);
    sink_free(s);
}

/* Raw answers, kept by their SHA-256 so that they can be read again without the network. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "collect/web_impl.h"
#include "io/bytes.h"
#include "io/file.h"
#include "io/gzip.h"

/* Directories of answers, without waiting for the disk as dir_make does: thousands are made for a day, and what a power
 * loss takes is asked for again. The last one first: mostly only that is missing, or none. */
static int make_dirs(const char *path, struct err *e) {
    char p[4096];
    snprintf(p, sizeof p, "%s", path);
    char *end = p + strlen(p), *cut = end;
    while (mkdir(p, 0755) != 0 && errno != EEXIST) {
        if (errno != ENOENT || cut == p) return err_sys(e, ERR_IO, "cannot make directory %s", p);
        while (cut > p && *cut != '/') cut--;
        *cut = 0;
    }
    for (; cut < end; cut += strlen(cut)) {
        *cut = '/';
        if (mkdir(p, 0755) != 0 && errno != EEXIST) return err_sys(e, ERR_IO, "cannot make directory %s", p);
    }
    return ERR_OK;
}

static char *answer_path(struct crawl *c, const char *sha256, bool make, struct err *e) {
    char *dir = arena_fmt(&c->a, "%s/%.2s", c->answers, sha256);
    if (make && make_dirs(dir, e)) return NULL;
    return arena_fmt(&c->a, "%s/%s.gz", dir, sha256);
}

static int gz_put(void *ctx, const char *p, size_t n, struct err *e) {
    (void)e;
    buf_add(ctx, p, n);
    return ERR_OK;
}

/* By rename, but without waiting for the disk: what a power loss takes is told by its hash and asked for again. */
static int put_file(const char *path, const char *p, size_t n, struct err *e) {
    char tmp[4096];
    snprintf(tmp, sizeof tmp, "%s.tmp-%d", path, (int)getpid());
    int fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0) return err_sys(e, ERR_IO, "cannot write %s", tmp);
    int rc = fd_write(fd, p, n, tmp, e);
    if (close(fd) != 0 && rc == ERR_OK) rc = err_sys(e, ERR_IO, "cannot write %s", tmp);
    if (rc == ERR_OK && rename(tmp, path) != 0) rc = err_sys(e, ERR_IO, "cannot write %s", path);
    if (rc) unlink(tmp);
    return rc;
}

int kept_keep(struct crawl *c, struct sv body, char sha256[65], struct err *e) {
    struct gzip *g = NULL;
    struct buf packed = {0};
    sha256_of(body.n ? body.p : "", body.n, sha256);
    char *path = answer_path(c, sha256, true, e);
    if (!path) return e->code;
    if (file_exists(path)) return ERR_OK;
    int rc = gzip_open(&g, 1, gz_put, &packed, e);
    if (rc == ERR_OK) rc = gzip_write(g, body.n ? body.p : "", body.n, e);
    if (rc == ERR_OK) rc = gzip_finish(g, e);
    gzip_close(g);
    if (rc == ERR_OK) rc = put_file(path, packed.p, packed.n, e);
    buf_free(&packed);
    return rc;
}

/* The answer under the names of its question as well: dt=2026-01-15/category=200/town=1101/9f31...json.gz, one more
 * name of the same file. An answer that was asked for again takes the name over. */
int kept_place(struct crawl *c, const struct visit *v, const char *partition, const char *sha256, struct err *e) {
    struct buf b = {0};
    bool null;
    char *from = answer_path(c, sha256, false, e), *dir = NULL, *to = NULL, *tmp = NULL;
    int rc = plan_expand(c, v->vars, partition, 1, &null, &b, e);
    if (rc == ERR_OK) {
        dir = arena_fmt(&c->a, "%s/%s", c->answers, buf_text(&b));
        to = arena_fmt(&c->a, "%s/%.12s.gz", dir, v->sha1);
        tmp = arena_fmt(&c->a, "%s.tmp-%d", to, (int)getpid());
        rc = make_dirs(dir, e);
    }
    buf_free(&b);
    if (rc) return rc;
    unlink(tmp);
    if (link(from, tmp) != 0 || rename(tmp, to) != 0) rc = err_sys(e, ERR_IO, "cannot write %s", to);
    unlink(tmp); /* still there where both names were the same file already */
    return rc;
}

int kept_read(struct crawl *c, const char *sha256, struct buf *body, struct err *e) {
    struct bytes *b = NULL;
    size_t n = 1;
    char found[65];
    char *path = answer_path(c, sha256, false, e);
    int rc = bytes_open(&b, path, ENC_UTF8, e);
    while (rc == ERR_OK && n) {
        char *to = buf_room(body, 65536);
        if (!to) rc = err_set(e, ERR_LIMIT, "%s is too large", path);
        if (rc == ERR_OK) rc = bytes_read(b, to, 65536, &n, e);
        if (rc == ERR_OK) body->n += n;
    }
    if (b) bytes_close(b);
    if (rc == ERR_OK) {
        sha256_of(body->n ? body->p : "", body->n, found);
        if (strcmp(found, sha256) != 0) rc = err_set(e, ERR_CORRUPT, "%s is damaged", path);
    }
    return rc;
}

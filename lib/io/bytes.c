/* See bytes.h. Three layers in one struct: fd -> inflate -> decode; each passes through where not needed. */
#include "io/bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>
#include <zlib.h>

#include "base/hash.h"
#include "base/stop.h"
#include "io/ahead.h"
#include "io/gzip.h"

#define RAW_SIZE (128 << 10)
#define RATIO_FROM ((uint64_t)64 << 20) /* small inputs may be as repetitive as they like */

static uint64_t max_ratio = BYTES_RATIO, max_bytes = BYTES_UNPACKED;

void bytes_limits_set(uint64_t ratio, uint64_t bytes) {
    max_ratio = ratio;
    max_bytes = bytes;
}

static const uint16_t cp949[126][190] = {
#include "io/cp949.inc"
};

struct bytes {
    int fd;
    bool is_stdin, is_pipe, eof, gzip, member_open, started, watched;
    struct stat began; /* of a file that must not change while it is read */
    enum encoding enc;
    char *name;
    unsigned char *raw; /* as read from fd */
    size_t raw_n, raw_at;
    uint64_t unpacked;      /* of gzip, so far */
    _Atomic uint64_t taken; /* counted by the thread that inflates, read by the progress line */
    struct ahead *ahead;
    struct digest *digest;
    z_stream z;
    unsigned char *pend; /* CP949: plain bytes waiting to be decoded */
    size_t pend_n;
    bool plain_end;
};

int encoding_find(const char *name) {
    static const struct {
        const char *name;
        enum encoding enc;
    } table[] = {{"utf-8", ENC_UTF8},  {"utf8", ENC_UTF8},   {"cp949", ENC_CP949}, {"euc-kr", ENC_CP949},
                 {"euckr", ENC_CP949}, {"ms949", ENC_CP949}, {"uhc", ENC_CP949}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strcasecmp(name, table[i].name) == 0) return (int)table[i].enc;
    return -1;
}

/* Files that the kernel makes as they are read say any size. */
static bool is_made_up(int fd) {
    struct statfs f;
    return fstatfs(fd, &f) == 0 && (f.f_type == 0x9fa0 || f.f_type == 0x62656572); /* proc, sysfs */
}

/* The end of the input: is it still the file that was opened? Half of the old one and half of the new is neither. */
static int ended(struct bytes *b, struct err *e) {
    struct stat now;
    b->eof = true;
    if (!b->watched) return ERR_OK;
    if (fstat(b->fd, &now) != 0) return err_sys(e, ERR_NOINPUT, "cannot look at %s", b->name);
    const char *how = now.st_size > b->began.st_size   ? "it grew"
                      : now.st_size < b->began.st_size ? "it became shorter"
                      : now.st_mtim.tv_sec != b->began.st_mtim.tv_sec || now.st_mtim.tv_nsec != b->began.st_mtim.tv_nsec
                          ? "it was written to"
                      : b->taken != (uint64_t)now.st_size && now.st_size ? "not all of it came" /* 0: as /proc has it */
                                                                         : NULL;
    if (!how || is_made_up(b->fd)) return ERR_OK;
    return err_set(
        e, ERR_NOINPUT,
        "%s changed while it was read: %s (%lld bytes when it was opened, %lld now, %llu read); nothing of it "
        "is used. Put files there by rename when they are whole, or read a growing one through a pipe",
        b->name, how, (long long)b->began.st_size, (long long)now.st_size, (unsigned long long)b->taken);
}

static int fill(struct bytes *b, struct err *e) {
    if (b->raw_at < b->raw_n || b->eof) return ERR_OK;
    b->raw_at = b->raw_n = 0;
    for (;;) {
        ssize_t n = read(b->fd, b->raw, RAW_SIZE);
        if (n < 0 && errno == EINTR) {
            int stopped = stop_check(e);
            if (stopped) return stopped;
            continue;
        }
        if (n < 0) return err_sys(e, ERR_NOINPUT, "cannot read %s", b->name);
        b->raw_n = (size_t)n;
        b->taken += (size_t)n;
        if (b->digest) digest_add(b->digest, b->raw, (size_t)n);
        return n ? ERR_OK : ended(b, e);
    }
}

/* Decide by the first bytes: gzip or not. A pipe may deliver one byte at a time. */
static int sniff(struct bytes *b, struct err *e) {
    while (b->raw_n < 4 && !b->eof) {
        ssize_t n = read(b->fd, b->raw + b->raw_n, RAW_SIZE - b->raw_n);
        if (n < 0 && errno == EINTR) {
            int stopped = stop_check(e);
            if (stopped) return stopped;
            continue;
        }
        if (n < 0) return err_sys(e, ERR_NOINPUT, "cannot read %s", b->name);
        int rc = n ? ERR_OK : ended(b, e);
        if (rc) return rc;
        b->raw_n += (size_t)n;
        b->taken += (size_t)n;
    }
    b->gzip = b->raw_n >= 2 && b->raw[0] == 0x1f && b->raw[1] == 0x8b;
    if (b->gzip && inflateInit2(&b->z, 15 + 16) != Z_OK) return err_set(e, ERR_INTERNAL, "zlib does not start");
    b->member_open = b->gzip;
    return ERR_OK;
}

static int inflate_some(struct bytes *b, char *to, size_t cap, size_t *n, struct err *e);

static int inflate_ahead(void *ctx, char *to, size_t cap, size_t *n, struct err *e) {
    return inflate_some(ctx, to, cap, n, e);
}

int bytes_open(struct bytes **out, const char *path, enum encoding enc, struct err *e) {
    struct bytes *b = mem_alloc(sizeof *b);
    b->is_stdin = !path || strcmp(path, "-") == 0;
    b->name = mem_str(b->is_stdin ? "standard input" : path);
    b->enc = enc;
    b->raw = mem_grow(NULL, RAW_SIZE);
    b->fd = b->is_stdin ? 0 : open(path, O_RDONLY | O_CLOEXEC);
    int rc;
    if (b->fd < 0) {
        rc = err_sys(e, ERR_NOINPUT, "cannot read %s", path);
        goto out;
    }
    if (fstat(b->fd, &b->began) == 0) {
        b->is_pipe = S_ISFIFO(b->began.st_mode) || S_ISSOCK(b->began.st_mode);
        b->watched = !b->is_stdin && S_ISREG(b->began.st_mode);
        if (S_ISDIR(b->began.st_mode)) {
            rc = err_set(e, ERR_NOINPUT, "cannot read %s: it is a directory", b->name);
            goto out;
        }
    }
    rc = sniff(b, e);
    /* a file answers every read; a pipe may keep a thread for ever */
    if (rc == ERR_OK && b->gzip && !b->is_pipe && !b->is_stdin && gzip_threads() > 1)
        b->ahead = ahead_start(inflate_ahead, b);
out:
    if (rc)
        bytes_close(b);
    else
        *out = b;
    return rc;
}

int bytes_open_memory(struct bytes **out, const char *name, const void *p, size_t n, enum encoding enc, struct err *e) {
    struct bytes *b = mem_alloc(sizeof *b);
    b->name = mem_str(name);
    b->enc = enc;
    b->fd = -1;
    b->eof = true;
    b->raw = mem_grow(NULL, n + 1);
    if (n) memcpy(b->raw, p, n);
    b->raw_n = n;
    b->taken = n;
    int rc = sniff(b, e);
    if (rc)
        bytes_close(b);
    else
        *out = b;
    return rc;
}

/* 10 MB of gzip may hold 10 GB of blanks: who sends that wants our disk or our time. */
static int check_growth(const struct bytes *b, struct err *e) {
    if (max_bytes && b->unpacked > max_bytes)
        return err_set(e, ERR_LIMIT,
                       "%s: more than %llu GiB came out of %llu bytes of gzip; raise --max-unpacked if that is right",
                       b->name, (unsigned long long)(max_bytes >> 30), (unsigned long long)b->taken);
    if (max_ratio && b->unpacked > RATIO_FROM && b->unpacked / max_ratio > b->taken)
        return err_set(
            e, ERR_LIMIT,
            "%s: its first %llu bytes of gzip became more than %llu times as many: a decompression bomb? Raise "
            "--max-ratio if that is right",
            b->name, (unsigned long long)b->taken, (unsigned long long)max_ratio);
    return ERR_OK;
}

static int inflate_some(struct bytes *b, char *to, size_t cap, size_t *n, struct err *e) {
    b->z.next_out = (unsigned char *)to;
    b->z.avail_out = (uInt)cap;
    while (b->z.avail_out == (uInt)cap) {
        int rc = fill(b, e);
        if (rc) return rc;
        if (b->raw_at == b->raw_n) {
            if (b->member_open)
                return err_set(e, ERR_INCOMPLETE,
                               "%s: gzip stream ends early at byte %llu: the file is cut off; fetch it again", b->name,
                               (unsigned long long)b->taken);
            break;
        }
        if (!b->member_open) {
            while (b->raw_at < b->raw_n && !b->raw[b->raw_at]) b->raw_at++; /* zero padding after a member */
            if (b->raw_at == b->raw_n) continue;
            if (b->raw[b->raw_at] != 0x1f)
                return err_set(e, ERR_DATA, "%s: damaged gzip data near byte %llu (no member begins there)", b->name,
                               (unsigned long long)(b->taken - (b->raw_n - b->raw_at)));
            inflateReset(&b->z);
            b->member_open = true;
        }
        b->z.next_in = b->raw + b->raw_at;
        b->z.avail_in = (uInt)(b->raw_n - b->raw_at);
        int z = inflate(&b->z, Z_NO_FLUSH);
        b->raw_at = b->raw_n - b->z.avail_in;
        if (z == Z_STREAM_END) {
            b->member_open = false;
        } else if (z != Z_OK && z != Z_BUF_ERROR) {
            return err_set(e, ERR_DATA, "%s: damaged gzip data near byte %llu (%s)", b->name,
                           (unsigned long long)(b->taken - (b->raw_n - b->raw_at)), b->z.msg ? b->z.msg : "unreadable");
        }
    }
    *n = cap - b->z.avail_out;
    b->unpacked += *n;
    return check_growth(b, e);
}

static int plain(struct bytes *b, char *to, size_t cap, size_t *n, struct err *e) {
    *n = 0;
    if (cap > 1u << 30) cap = 1u << 30;
    if (b->ahead) return ahead_read(b->ahead, to, cap, n, e);
    if (b->gzip) return inflate_some(b, to, cap, n, e);
    if (b->raw_at == b->raw_n) { /* large reads go straight to the caller's block */
        while (!b->eof) {
            ssize_t r = read(b->fd, to, cap);
            if (r < 0 && errno == EINTR) {
                int stopped = stop_check(e);
                if (stopped) return stopped;
                continue;
            }
            if (r < 0) return err_sys(e, ERR_NOINPUT, "cannot read %s", b->name);
            int rc = r ? ERR_OK : ended(b, e);
            if (rc) return rc;
            *n = (size_t)r;
            b->taken += (size_t)r;
            if (b->digest) digest_add(b->digest, to, (size_t)r);
            break;
        }
        return ERR_OK;
    }
    *n = b->raw_n - b->raw_at < cap ? b->raw_n - b->raw_at : cap;
    memcpy(to, b->raw + b->raw_at, *n);
    b->raw_at += *n;
    return ERR_OK;
}

/* ASCII letters with NULs between them, as no UTF-8 text begins: the width of a letter, 0 for anything else. */
static int wide_letters(const unsigned char *u) {
    bool one[4];
    for (int i = 0; i < 4; i++) one[i] = u[i] && u[i] < 0x80;
    if ((one[0] && !u[1] && one[2] && !u[3]) || (!u[0] && one[1] && !u[2] && one[3])) return 2;
    return (one[0] && !u[1] && !u[2] && !u[3]) || (!u[0] && !u[1] && !u[2] && one[3]) ? 4 : 0;
}

/* Byte order marks at the very start. */
static int marks(struct bytes *b, char *p, size_t *n, struct err *e) {
    const unsigned char *u = (unsigned char *)p;
    static const unsigned char little[] = {0xFF, 0xFE, 0, 0}, big[] = {0, 0, 0xFE, 0xFF};
    int wide = *n >= 4 ? wide_letters(u) : 0;
    if (*n >= 4 && (wide == 4 || memcmp(u, little, 4) == 0 || memcmp(u, big, 4) == 0))
        return err_set(e, ERR_DATA, "%s is UTF-32: convert it first (iconv -f UTF-32 -t UTF-8)", b->name);
    if (wide == 2)
        return err_set(e, ERR_DATA,
                       "%s is UTF-16%s without a byte order mark: convert it first (iconv -f UTF-16%s -t UTF-8)",
                       b->name, u[0] ? "LE" : "BE", u[0] ? "LE" : "BE");
    if (*n >= 2 && ((u[0] == 0xFF && u[1] == 0xFE) || (u[0] == 0xFE && u[1] == 0xFF)))
        return err_set(e, ERR_DATA, "%s is UTF-16: convert it first (iconv -f UTF-16 -t UTF-8)", b->name);
    if (*n >= 3 && u[0] == 0xEF && u[1] == 0xBB && u[2] == 0xBF) {
        memmove(p, p + 3, *n - 3);
        *n -= 3;
    }
    return ERR_OK;
}

/* One CP949 character at u[0..left): bytes consumed, 0 when the pair is cut off at the end of the buffer. */
static size_t decode_one(const unsigned char *u, size_t left, bool last, char *to, size_t *out) {
    if (u[0] < 0x80) {
        to[(*out)++] = (char)u[0];
        return 1;
    }
    if (left < 2 && !last) return 0;
    unsigned c =
        left >= 2 && u[0] >= 0x81 && u[0] <= 0xFE && u[1] >= 0x41 && u[1] <= 0xFE ? cp949[u[0] - 0x81][u[1] - 0x41] : 0;
    if (!c) {
        to[(*out)++] = (char)0xFF;
        return 1;
    }
    if (c >= 0x800) to[(*out)++] = (char)(0xE0 | c >> 12);
    to[(*out)++] = (char)(c >= 0x800 ? 0x80 | (c >> 6 & 63) : 0xC0 | c >> 6);
    to[(*out)++] = (char)(0x80 | (c & 63));
    return 2;
}

static int decode_some(struct bytes *b, char *to, size_t cap, size_t *n, struct err *e) {
    size_t got;
    *n = 0;
    if (!b->pend) b->pend = mem_grow(NULL, RAW_SIZE);
    while (*n == 0 && (b->pend_n || !b->plain_end)) {
        if (!b->plain_end && b->pend_n < 2) {
            int rc = plain(b, (char *)b->pend + b->pend_n, RAW_SIZE - b->pend_n, &got, e);
            if (rc) return rc;
            if (!got) b->plain_end = true;
            b->pend_n += got;
        }
        size_t i = 0;
        while (i < b->pend_n && *n + 3 <= cap) {
            size_t used = decode_one(b->pend + i, b->pend_n - i, b->plain_end, to, n);
            if (!used) break;
            i += used;
        }
        memmove(b->pend, b->pend + i, b->pend_n - i);
        b->pend_n -= i;
        if (!i && b->pend_n >= 2) break;
    }
    return ERR_OK;
}

int bytes_read(struct bytes *b, char *to, size_t cap, size_t *n, struct err *e) {
    int rc = b->enc == ENC_CP949 ? decode_some(b, to, cap, n, e) : plain(b, to, cap, n, e);
    if (rc == ERR_OK && !b->started && *n) {
        b->started = true;
        if (*n < 4 && b->enc == ENC_UTF8) { /* a mark may come in pieces from a pipe */
            size_t more = 1;
            while (*n < 4 && more && rc == ERR_OK) {
                rc = plain(b, to + *n, cap - *n, &more, e);
                *n += more;
            }
        }
        if (rc == ERR_OK && b->enc == ENC_UTF8) rc = marks(b, to, n, e);
        if (rc == ERR_OK && !*n) return bytes_read(b, to, cap, n, e); /* nothing but a mark yet */
    }
    return rc;
}

void bytes_digest(struct bytes *b, struct digest *d) {
    digest_add(d, b->raw, b->raw_n); /* what was looked at to open it */
    b->digest = d;
}

uint64_t bytes_in(const struct bytes *b) {
    return b->taken;
}

bool bytes_is_pipe(const struct bytes *b) {
    return b->is_pipe;
}

void bytes_close(struct bytes *b) {
    if (!b) return;
    ahead_stop(b->ahead);
    if (b->gzip) inflateEnd(&b->z);
    if (!b->is_stdin && b->fd >= 0) close(b->fd);
    free(b->pend);
    free(b->raw);
    free(b->name);
    free(b);
}

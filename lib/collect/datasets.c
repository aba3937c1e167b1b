/* See datasets.h. Partitions are copied as they are: lines are not looked at, only counted by their _SUCCESS. */
#include "collect/datasets.h"

#include "base/hash.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/stop.h"
#include "io/bytes.h"
#include "io/file.h"
#include "io/part.h"

/* "dataset" or "dataset/step". */
static char *dir_of(const struct pipeline *p, const char *from, day_t day, const struct collect_opt *o, struct arena *a,
                    const struct pl_dataset **of) {
    const char *slash = strchr(from, '/');
    *of = pipeline_dataset(p, slash ? arena_strn(a, from, (size_t)(slash - from)) : from);
    const char *step = slash ? slash + 1 : (*of)->nsteps ? (*of)->steps[(*of)->nsteps - 1].name : NULL;
    return part_dir(a, o->lake, p->name, step ? "silver" : "valid", (*of)->name, step, day);
}

int datasets_digest(const struct pipeline *p, const struct pl_dataset *d, day_t day, const struct collect_opt *o,
                    char digest[65], bool *present, struct err *e) {
    struct arena a = {0};
    struct sha256 h;
    int rc = ERR_OK;
    *present = false;
    sha256_start(&h);
    for (size_t i = 0; i < d->source.from.n && rc == ERR_OK; i++) {
        const struct pl_dataset *of;
        struct part_info info;
        bool found;
        rc = part_read(dir_of(p, d->source.from.s[i], day, o, &a, &of), &info, &found, e);
        if (rc == ERR_CORRUPT) { /* told when it is read; here it is as good as missing */
            rc = ERR_OK;
            found = false;
        }
        sha256_str(&h, d->source.from.s[i]);
        sha256_str(&h, found ? info.sha256 : "");
        *present = *present || found;
    }
    sha256_hex(&h, digest);
    arena_free(&a);
    return rc;
}

struct copy {
    int (*write)(void *ctx, const char *p, size_t n, uint64_t rows, struct err *e);
    void *ctx;
    struct collect_stats *st;
};

static int copy_file(const struct copy *c, const char *path, uint64_t rows, struct err *e) {
    struct bytes *in = NULL;
    char *room = mem_grow(NULL, 1 << 18);
    size_t n = 1;
    int rc = bytes_open(&in, path, ENC_UTF8, e);
    while (rc == ERR_OK && n) {
        rc = stop_check(e);
        if (rc == ERR_OK) rc = bytes_read(in, room, 1 << 18, &n, e);
        if (rc || !n) break;
        progress_add(n);
        c->st->bytes += n;
        rc = c->write(c->ctx, room, n, rows, e);
        rows = 0; /* all of the file's rows go with its first piece */
    }
    bytes_close(in);
    free(room);
    return rc;
}

static int copy_part(const struct copy *c, const char *dir, const struct part_info *info, struct err *e) {
    struct arena a = {0};
    char **files;
    size_t n;
    uint64_t rows = info->rows;
    int rc = part_verify(dir, false, e);
    if (rc == ERR_OK) rc = part_files(dir, &a, &files, &n, e);
    progress_expect(info->bytes);
    for (size_t i = 0; rc == ERR_OK && i < n; i++, rows = 0) rc = copy_file(c, files[i], rows, e);
    c->st->rows += info->rows;
    arena_free(&a);
    return rc;
}

int datasets_collect(const struct pipeline *p, const struct pl_dataset *d, day_t day, const struct collect_opt *o,
                     int (*write)(void *ctx, const char *p, size_t n, uint64_t rows, struct err *e), void *ctx,
                     struct collect_stats *st, struct err *e) {
    struct arena a = {0};
    struct buf told = {0};
    struct copy c = {write, ctx, st};
    size_t read = 0;
    int rc = ERR_OK;
    buf_chr(&told, '[');
    for (size_t i = 0; i < d->source.from.n && rc == ERR_OK; i++) {
        const struct pl_dataset *of;
        struct part_info info;
        bool found;
        const char *dir = dir_of(p, d->source.from.s[i], day, o, &a, &of);
        rc = part_read(dir, &info, &found, e);
        if (rc == ERR_OK && !found && !of->isolated) {
            rc = err_set(e, ERR_NOINPUT, "dataset %s has not been done for this day: %s is not there",
                         d->source.from.s[i], dir);
        } else if (rc == ERR_OK && !found) {
            log_warn("goes on without the dataset %s, which has not been done for this day", d->source.from.s[i]);
        } else if (rc == ERR_OK) {
            rc = copy_part(&c, dir, &info, e);
            buf_fmt(&told, "%s{\"partition\":\"%s\",\"sha256\":\"%s\"}", read++ ? "," : "", dir + strlen(o->lake) + 1,
                    info.sha256);
        }
    }
    buf_chr(&told, ']');
    if (rc == ERR_OK && !read)
        rc = err_set(e, ERR_DATA, "none of the datasets that %s is made of has anything for this day", d->name);
    snprintf(st->inputs_json, sizeof st->inputs_json, "%s", told.n < sizeof st->inputs_json ? told.p : "[]");
    buf_free(&told);
    arena_free(&a);
    return rc;
}

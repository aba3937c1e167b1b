/* See part.h. */
#include "io/part.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "io/file.h"
#include "io/sink.h"

#define PART_NAME "part-00000.jsonl"
#define SUCCESS "_SUCCESS"
#define PRUNED "_PRUNED"

struct part_writer {
    char *dir, *made;
    struct sink *sink; /* NULL: so far all is as in like, or nothing is written any more */
    uint64_t rows;
    bool unhashed; /* the sink keeps no SHA-256 */
    bool sound;
    bool unread; /* like's bytes were taken without a look (part_same) */
    /* like's file, and how far it goes */
    struct part_info like;
    char *like_path;
    int like_fd;
    bool rewrites;
    uint64_t same; /* bytes that were the same */
    char *chunk;   /* of like, at chunk_at */
    uint64_t chunk_at;
    size_t chunk_n;
};
#define CHUNK (256 << 10)

char *part_dir(struct arena *a, const char *home, const char *pipeline, const char *layer, const char *dataset,
               const char *step, day_t day) {
    return arena_fmt(a, "%s/lake/%s/%s/%s%s%s/dt=%s", home, pipeline, layer, dataset, step ? "/" : "", step ? step : "",
                     day_text(day).s);
}

static char *join(const char *fmt, const char *x, const char *y) {
    size_t n = strlen(x) + strlen(y) + 64;
    char *s = mem_alloc(n);
    snprintf(s, n, fmt, x, y, (int)getpid());
    return s;
}

static int open_sink(struct part_writer *w, bool hashed, struct err *e) {
    char *path = join("%s/%s", w->made, PART_NAME);
    w->unhashed = !hashed;
    int rc = sink_open(&w->sink, path, SINK_INSIDE | SINK_QUICK | (hashed ? SINK_SHA256 : 0), e);
    free(path);
    return rc;
}

/* Of one file, which all are; else it is not compared. */
static void open_like(struct part_writer *w, const struct part_like *like) {
    struct stat st;
    if (!like || !like->info->quick[0]) return;
    w->like_path = join("%s/%s", like->dir, PART_NAME);
    w->like_fd = open(w->like_path, O_RDONLY | O_CLOEXEC);
    w->like = *like->info;
    w->rewrites = like->rewrites;
    if (w->like_fd >= 0 && fstat(w->like_fd, &st) == 0 && (uint64_t)st.st_size == w->like.bytes) return;
    if (w->like_fd >= 0) close(w->like_fd);
    w->like_fd = -1;
}

int part_begin(struct part_writer **out, const char *dir, const struct part_like *like, struct err *e) {
    struct part_writer *w = mem_alloc(sizeof *w);
    struct arena a = {0};
    const char *slash = strrchr(dir, '/');
    char *parent = arena_strn(&a, dir, (size_t)(slash - dir));
    w->dir = mem_str(dir);
    w->made = join("%s/.%s.tmp-%d", parent, slash + 1);
    w->like_fd = -1;
    int rc = dir_make(parent, e);
    if (rc == ERR_OK) rc = dir_remove(w->made, e);
    if (rc == ERR_OK) rc = dir_make(w->made, e);
    if (rc == ERR_OK) open_like(w, like);
    if (rc == ERR_OK && w->like_fd < 0) rc = open_sink(w, true, e);
    arena_free(&a);
    if (rc)
        part_abort(w);
    else
        *out = w;
    return rc;
}

/* A piece of like into w->chunk; chunk_n 0 at its end. */
static int read_like(struct part_writer *w, uint64_t at, struct err *e) {
    ssize_t got;
    if (!w->chunk) w->chunk = mem_grow(NULL, CHUNK);
    while ((got = pread(w->like_fd, w->chunk, CHUNK, (off_t)at)) < 0 && errno == EINTR) {
    }
    if (got < 0) return err_sys(e, ERR_NOINPUT, "cannot read %s", w->like_path);
    w->chunk_at = at;
    w->chunk_n = (size_t)got;
    return ERR_OK;
}

/* Go on where these bytes go on in like; *is false: they differ from it, or it ends. */
static int compare(struct part_writer *w, const char *p, size_t n, bool *is, struct err *e) {
    uint64_t at = w->same;
    *is = true;
    while (n && *is) {
        if (at < w->chunk_at || at >= w->chunk_at + w->chunk_n) {
            int rc = read_like(w, at, e);
            if (rc) return rc;
        }
        size_t from = (size_t)(at - w->chunk_at), left = w->chunk_n - from, k = n < left ? n : left;
        *is = k && memcmp(w->chunk + from, p, k) == 0;
        p += k, n -= k, at += k;
    }
    if (*is) w->same = at;
    return ERR_OK;
}

/* Not the same any more: what was so far is copied. */
static int part_from_like(struct part_writer *w, struct err *e) {
    int rc = open_sink(w, !w->rewrites, e);
    for (uint64_t at = 0; at < w->same && rc == ERR_OK; at += w->chunk_n) {
        rc = read_like(w, at, e);
        if (rc == ERR_OK && !w->chunk_n) rc = err_set(e, ERR_CORRUPT, "%s became shorter", w->like_path);
        if (rc == ERR_OK && w->chunk_n > w->same - at) w->chunk_n = (size_t)(w->same - at);
        if (rc == ERR_OK) rc = sink_write(w->sink, w->chunk, w->chunk_n, e);
    }
    return rc;
}

int part_write(struct part_writer *w, const void *p, size_t n, uint64_t rows, struct err *e) {
    bool is = false;
    int rc = ERR_OK;
    w->rows += rows;
    if (w->sink) return sink_write(w->sink, p, n, e);
    rc = compare(w, p, n, &is, e);
    if (rc || is) return rc;
    rc = part_from_like(w, e);
    return rc ? rc : sink_write(w->sink, p, n, e);
}

bool part_same(struct part_writer *w) {
    if (w->sink || w->like_fd < 0) return false;
    w->same = w->like.bytes;
    w->rows = w->like.rows;
    w->unread = true;
    return true;
}

void part_sound(struct part_writer *w) {
    w->sound = true;
}

static int copy_kept(struct part_writer *w, FILE *in, part_keep_fn *keep, void *ctx, struct err *e) {
    char *line = NULL;
    size_t cap = 0;
    ssize_t len;
    int rc = ERR_OK;
    w->rows = 0;
    for (uint64_t row = 0; rc == ERR_OK && (len = getline(&line, &cap, in)) > 0; row++) {
        bool kept = true;
        rc = keep(ctx, row, line, (size_t)len - 1, &kept, e);
        if (rc || !kept) continue;
        w->rows++;
        rc = sink_write(w->sink, line, (size_t)len, e);
    }
    if (rc == ERR_OK && ferror(in)) rc = err_sys(e, ERR_IO, "cannot read %s again", w->made);
    free(line);
    return rc;
}

int part_rewrite(struct part_writer *w, part_keep_fn *keep, void *ctx, struct err *e) {
    char *path = join("%s/%s", w->made, PART_NAME), *all = join("%s/%s", w->made, "all.jsonl");
    FILE *in = NULL;
    int rc = ERR_OK;
    bool written = w->sink != NULL;
    if (!written && w->same != w->like.bytes && (rc = part_from_like(w, e)) == ERR_OK) written = true;
    if (rc == ERR_OK && written) rc = sink_commit(w->sink, NULL, e);
    if (written) w->sink = NULL;
    if (rc == ERR_OK && written && rename(path, all) != 0) rc = err_sys(e, ERR_IO, "cannot move %s", path);
    if (rc == ERR_OK) rc = open_sink(w, true, e);
    const char *from = written ? all : w->like_path;
    if (rc == ERR_OK && !(in = fopen(from, "re"))) rc = err_sys(e, ERR_IO, "cannot read %s", from);
    if (rc == ERR_OK) rc = copy_kept(w, in, keep, ctx, e);
    if (in) fclose(in);
    unlink(all);
    free(path);
    free(all);
    return rc;
}

/* Digests of the part files in dir, in order; either may be NULL. */
static int digest_files(const char *dir, char sha256[65], char quick[65], struct err *e) {
    struct arena a = {0};
    char **files, *chunk = mem_grow(NULL, 1 << 20), unused[65];
    size_t n = 0;
    struct sha256 sha;
    struct digest d;
    sha256_start(&sha);
    digest_start(&d);
    int rc = part_files(dir, &a, &files, &n, e);
    for (size_t i = 0; i < n && rc == ERR_OK; i++) {
        int fd = open(files[i], O_RDONLY | O_CLOEXEC);
        ssize_t got = 0;
        if (fd < 0) rc = err_sys(e, ERR_NOINPUT, "cannot read %s", files[i]);
        while (rc == ERR_OK && (got = read(fd, chunk, 1 << 20)) > 0) {
            if (sha256) sha256_add(&sha, chunk, (size_t)got);
            if (quick) digest_add(&d, chunk, (size_t)got);
        }
        if (got < 0) rc = err_sys(e, ERR_NOINPUT, "cannot read %s", files[i]);
        if (fd >= 0) close(fd);
    }
    sha256_hex(&sha, sha256 ? sha256 : unused);
    digest_hex(&d, quick ? quick : unused);
    free(chunk);
    arena_free(&a);
    return rc;
}

#define SELF ",\"xxh128_of_this\":\""

static void success_digest(const char *text, size_t n, char out[65]) {
    struct digest d;
    digest_start(&d);
    digest_add(&d, text, n);
    digest_hex(&d, out);
}

/* Is a _SUCCESS what was written? Its last word is the digest of all before; older ones have none. */
static bool success_whole(const char *text) {
    char is[65];
    const char *self = NULL;
    for (const char *p = text; (p = strstr(p, SELF)); p++) self = p;
    size_t n = strlen(text);
    if (!self) return n > 3 && strcmp(text + n - 3, "]}\n") == 0;
    success_digest(text, (size_t)(self - text), is);
    const char *said = self + strlen(SELF);
    return strncmp(said, is, 32) == 0 && strcmp(said + 32, "\"}\n") == 0;
}

/* The same bytes as like's: its file gets a second name. Where the file system knows no links they are copied. */
static int link_like(struct part_writer *w, struct err *e) {
    char *path = join("%s/%s", w->made, PART_NAME);
    int rc = ERR_OK;
    if (w->same != w->like.bytes || link(w->like_path, path) != 0) rc = part_from_like(w, e);
    free(path);
    return rc;
}

/* What the sink has written, or like's again. */
static int finish_file(struct part_writer *w, struct part_info *i, struct err *e) {
    struct sink_result res;
    int rc = w->sink ? ERR_OK : link_like(w, e);
    struct sink *s = w->sink;
    w->sink = NULL;
    i->rows = w->rows;
    if (rc == ERR_OK && !s) { /* their digest was verified when they were read */
        i->bytes = w->like.bytes;
        memcpy(i->sha256, w->like.sha256, sizeof i->sha256);
        memcpy(i->quick, w->like.quick, sizeof i->quick);
        return ERR_OK;
    }
    if (rc == ERR_OK) {
        rc = sink_commit(s, &res, e);
    } else {
        sink_abort(s);
    }
    if (rc) return rc;
    i->bytes = res.bytes;
    memcpy(i->sha256, res.sha256, sizeof i->sha256);
    memcpy(i->quick, res.quick, sizeof i->quick);
    if (w->unread && strcmp(i->quick, w->like.quick) != 0) /* no link could be made: this copy was the first look */
        return err_set(e, ERR_CORRUPT, "%s: the bytes differ from the digest in _SUCCESS; run the day again",
                       w->like_path);
    return w->unhashed ? digest_files(w->made, i->sha256, NULL, e) : ERR_OK;
}

int part_publish(struct part_writer *w, const char *made_by, const char *from_json, struct part_info *info,
                 struct err *e) {
    struct part_info i = {0};
    struct buf b = {0};
    struct arena a = {0};
    int rc = finish_file(w, &i, e);
    if (rc) goto out;
    buf_fmt(&b, "{\"rows\":%llu,\"bytes\":%llu,\"sha256\":\"%s\",\"xxh128\":\"%s\",\"files\":[\"%s\"],%s\"made_by\":",
            (unsigned long long)i.rows, (unsigned long long)i.bytes, i.sha256, i.quick, PART_NAME,
            w->sound ? "\"sound\":true," : "");
    json_text_quote(&b, made_by);
    buf_fmt(&b, ",\"from\":%s", from_json);
    char self[65];
    success_digest(b.p, b.n, self);
    buf_fmt(&b, "%s%s\"}\n", SELF, self);
    rc = file_publish(arena_fmt(&a, "%s/_SUCCESS", w->made), b.p, b.n, e);
    if (rc == ERR_OK) rc = dir_replace(w->made, w->dir, e);
    if (rc == ERR_OK && info) *info = i;
out:
    arena_free(&a);
    buf_free(&b);
    part_abort(w);
    return rc;
}

void part_abort(struct part_writer *w) {
    if (!w) return;
    sink_abort(w->sink);
    dir_remove(w->made, NULL);
    if (w->like_fd >= 0) close(w->like_fd);
    free(w->like_path);
    free(w->chunk);
    free(w->dir);
    free(w->made);
    free(w);
}

/* Value of "key": in the flat text that part_publish writes; its own format, so no JSON reader is needed
 * on the ground floor. NULL when absent. */
static const char *success_value(const char *text, const char *key) {
    const char *p = strstr(text, key);
    return p ? p + strlen(key) : NULL;
}

/* A count that ends at the next comma, as part_publish writes it. */
static bool success_count(const char *p, uint64_t *out) {
    char *end;
    if (!p || *p < '0' || *p > '9') return false;
    *out = strtoull(p, &end, 10);
    return *end == ',';
}

/* What _SUCCESS says. */
static int read_info(const char *path, struct part_info *info, bool *found, struct err *e) {
    struct buf b = {0};
    int rc = ERR_OK;
    *found = false;
    *info = (struct part_info){0};
    if (!file_exists(path)) goto out;
    rc = file_read(path, 1 << 20, &b, e);
    if (rc) goto out;
    const char *text = buf_text(&b);
    const char *rows = success_value(text, "\"rows\":"), *bytes = success_value(text, "\"bytes\":"),
               *sha = success_value(text, "\"sha256\":\"");
    if (!b.n || !success_count(rows, &info->rows) || !success_count(bytes, &info->bytes) || !sha || strlen(sha) < 65 ||
        strspn(sha, "0123456789abcdef") != 64 || sha[64] != '"' || b.p[b.n - 1] != '\n' || !success_whole(text)) {
        rc = err_set(e, ERR_CORRUPT, "%s is damaged; remove its directory and run the day again", path);
        goto out;
    }
    memcpy(info->sha256, sha, 64);
    const char *quick = success_value(text, "\"xxh128\":\"");
    if (quick && strspn(quick, "0123456789abcdef") == 32 && quick[32] == '"') memcpy(info->quick, quick, 32);
    const char *sound = success_value(text, "\"sound\":true,\"made_by\":"), *made = strstr(text, "\"made_by\":");
    info->sound = sound && made && sound == made + strlen("\"made_by\":");
    *found = true;
out:
    buf_free(&b);
    return rc;
}

int part_read(const char *dir, struct part_info *info, bool *found, struct err *e) {
    struct arena a = {0};
    int rc = read_info(arena_fmt(&a, "%s/" SUCCESS, dir), info, found, e);
    if (rc || !*found) goto out;
    char **files = NULL;
    size_t n = 0;
    rc = part_files(dir, &a, &files, &n, e);
    uint64_t size = 0;
    for (size_t i = 0; i < n && rc == ERR_OK; i++) size += (uint64_t)file_size(files[i]);
    if (rc == ERR_OK && size != info->bytes)
        rc = err_set(e, ERR_CORRUPT,
                     "%s holds %llu bytes where its _SUCCESS says %llu; remove the directory and run the day again",
                     dir, (unsigned long long)size, (unsigned long long)info->bytes);
    *found = rc == ERR_OK;
out:
    arena_free(&a);
    return rc;
}

int part_files(const char *dir, struct arena *a, char ***paths, size_t *n, struct err *e) {
    char **names;
    size_t all;
    *paths = NULL;
    *n = 0;
    int rc = dir_list(dir, a, &names, &all, e);
    if (rc) return rc;
    *paths = arena_alloc(a, (all + 1) * sizeof **paths);
    *n = 0;
    for (size_t i = 0; i < all; i++)
        if (strncmp(names[i], "part-", 5) == 0) (*paths)[(*n)++] = arena_fmt(a, "%s/%s", dir, names[i]);
    return ERR_OK;
}

int part_verify(const char *dir, bool all, struct err *e) {
    struct part_info info, is = {0};
    bool found;
    int rc = part_read(dir, &info, &found, e);
    if (rc || !found) return rc;
    if (!info.quick[0]) all = true;
    rc = digest_files(dir, all ? is.sha256 : NULL, info.quick[0] ? is.quick : NULL, e);
    if (rc == ERR_OK && (strcmp(is.quick, info.quick) != 0 || (all && strcmp(is.sha256, info.sha256) != 0)))
        rc = err_set(e, ERR_CORRUPT,
                     "%s: the bytes differ from the digest in _SUCCESS; remove the directory and run the day again",
                     dir);
    return rc;
}

int part_verify_read(const char *dir, const struct part_info *info, struct digest *d, struct err *e) {
    char is[65];
    digest_hex(d, is);
    if (!info->quick[0]) return part_verify(dir, true, e); /* of an older version */
    return strcmp(is, info->quick) == 0 ? ERR_OK : part_verify(dir, false, e);
}

int part_pruned(const char *dir, struct part_info *info, bool *pruned, struct err *e) {
    struct arena a = {0};
    int rc = read_info(arena_fmt(&a, "%s/" PRUNED, dir), info, pruned, e);
    arena_free(&a);
    return rc;
}

int part_prune(const char *dir, struct err *e) {
    struct arena a = {0};
    char **files;
    size_t n;
    char *from = arena_fmt(&a, "%s/" SUCCESS, dir), *to = arena_fmt(&a, "%s/" PRUNED, dir);
    int rc = ERR_OK;
    if (rename(from, to) != 0 && errno != ENOENT) rc = err_sys(e, ERR_IO, "cannot rename %s", from);
    if (rc == ERR_OK) rc = dir_sync(dir, e); /* before any byte goes: never less than _SUCCESS says */
    if (rc == ERR_OK) rc = part_files(dir, &a, &files, &n, e);
    for (size_t i = 0; rc == ERR_OK && i < n; i++)
        if (unlink(files[i]) != 0 && errno != ENOENT) rc = err_sys(e, ERR_IO, "cannot remove %s", files[i]);
    arena_free(&a);
    return rc;
}

int part_sweep(const char *dataset_dir, struct err *e) {
    struct arena a = {0};
    char **names;
    size_t n;
    int rc = dir_list(dataset_dir, &a, &names, &n, e);
    for (size_t i = 0; i < n && rc == ERR_OK; i++)
        if (names[i][0] == '.' && strncmp(names[i], ".dt=", 4) == 0)
            rc = dir_remove(arena_fmt(&a, "%s/%s", dataset_dir, names[i]), e);
    arena_free(&a);
    return rc;
}

int part_remove(const char *dir, struct err *e) {
    struct arena a = {0};
    char *success = arena_fmt(&a, "%s/_SUCCESS", dir);
    int rc = ERR_OK;
    if (unlink(success) != 0 && errno != ENOENT) rc = err_sys(e, ERR_IO, "cannot remove %s", success);
    if (rc == ERR_OK && file_exists(dir)) rc = dir_sync(dir, e);
    if (rc == ERR_OK) rc = dir_remove(dir, e);
    arena_free(&a);
    return rc;
}

/*
 * See schema_build.h: other documents. Nothing is fetched. For the document
 * http://host:80/a/b.json and the directory D these are tried:
 *
 *   the built-in draft-07 meta-schema
 *   D/host:80/a/b.json
 *   D/a/b.json
 *   the *.json below D whose $id at the root is that URI
 *
 * A path with a ".." segment is not tried, so no $ref leaves the directory.
 */
#include "json/schema_build.h"
#include "json/schema_uri.h"

#include <dirent.h>
#include <sys/stat.h>

#define FILE_MAX ((off_t)64 << 20)
#define FILES_MAX 10000
#define LEVELS_MAX 16

static char *read_file(const char *path, size_t *len) {
    struct stat st;
    char *text = NULL;
    FILE *f = stat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size <= FILE_MAX ? fopen(path, "rbe") : NULL;
    if (!f) return NULL;
    size_t size = (size_t)st.st_size;
    text = mem_alloc(size + 1);
    *len = fread(text, 1, size, f);
    bool ok = !ferror(f);
    fclose(f);
    if (*len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
        *len -= 3;
        memmove(text, text + 3, *len);
    }
    text[*len] = 0;
    if (ok) return text;
    free(text);
    return NULL;
}

/* The path below the directory is safe when no segment climbs and no NUL hides. */
static bool is_inside(struct sv path) {
    size_t from = 0;
    for (size_t i = 0; i <= path.n; i++) {
        if (i < path.n && path.p[i] == 0) return false;
        if (i < path.n && path.p[i] != '/') continue;
        if (i - from == 2 && memcmp(path.p + from, "..", 2) == 0) return false;
        from = i + 1;
    }
    return true;
}

static char *try_path(struct build *b, struct sv host, struct sv path, size_t *len, const char **name,
                      struct buf *looked) {
    struct buf below = {0};
    char *text = NULL;
    schema_uri_unescape(&below, host);
    if (host.n && (path.n == 0 || path.p[0] != '/')) buf_chr(&below, '/');
    schema_uri_unescape(&below, path);
    if (below.n && is_inside((struct sv){below.p, below.n})) {
        const char *slash = below.p[0] == '/' ? "" : "/";
        char *file = arena_fmt(&b->tmp, "%s%s%s", b->dir, slash, below.p);
        text = read_file(file, len);
        if (text)
            *name = file;
        else
            buf_fmt(looked, "%s%.200s", looked->n ? " or " : "; looked for as ", file);
    }
    buf_free(&below);
    return text;
}

/* ---- by $id ---- */

static void note_id(struct build *b, const char *path) {
    struct jtoks toks = {0};
    struct jerr je;
    struct jval id;
    size_t len, n;
    char *text = read_file(path, &len);
    if (text && json_scan(&toks, text, len, 0, &je) && jv_get((struct jval){text, toks.t, 0}, SV("$id"), &id) &&
        jv_type(id) == JT_STR) {
        char *uri = jv_str(id, &b->tmp, &n);
        char *hash = memchr(uri, '#', n);
        if (hash) *hash = 0;
        if (b->nfound == b->cap_found) {
            b->cap_found = b->cap_found ? b->cap_found * 2 : 32;
            b->found = mem_grow(b->found, b->cap_found * sizeof *b->found);
        }
        b->found[b->nfound++] = (struct found){uri, arena_str(&b->tmp, path)};
    }
    jtoks_free(&toks);
    free(text);
}

static int by_name(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* In order of name, so the same directory always gives the same answer. */
static void search(struct build *b, const char *dir, int level, int *files) {
    struct dirent **list = NULL;
    int n = level < LEVELS_MAX ? scandir(dir, &list, NULL, by_name) : -1;
    for (int k = 0; k < n; k++) {
        const char *name = list[k]->d_name;
        size_t len = strlen(name);
        char *path = arena_fmt(&b->tmp, "%s/%s", dir, name);
        struct stat st;
        if (name[0] != '.' && *files < FILES_MAX && lstat(path, &st) == 0) {
            if (S_ISDIR(st.st_mode))
                search(b, path, level + 1, files);
            else if (len > 5 && memcmp(name + len - 5, ".json", 5) == 0 && ++*files)
                note_id(b, path);
        }
        free(list[k]);
    }
    free(list);
}

static char *by_id(struct build *b, const char *uri, size_t *len, const char **name) {
    if (!b->searched) {
        int files = 0;
        search(b, b->dir, 0, &files);
        b->searched = true;
    }
    for (size_t k = 0; k < b->nfound; k++)
        if (strcmp(b->found[k].id, uri) == 0) {
            *name = b->found[k].path;
            return read_file(*name, len);
        }
    return NULL;
}

char *schema_dir_load(struct build *b, const char *uri, size_t *len, const char **name, struct buf *looked) {
    if (strcmp(uri, SCHEMA_META_URI) == 0) {
        *name = SCHEMA_META_URI;
        *len = strlen(schema_meta_text);
        return mem_str(schema_meta_text);
    }
    if (!b->dir) {
        buf_str(looked, " (no schema directory was given, and nothing is fetched)");
        return NULL;
    }
    struct uri u = schema_uri_split(sv_of(uri));
    bool has_path = u.path.n && (u.authority.p || !u.scheme.p);
    char *text = has_path && u.authority.n ? try_path(b, u.authority, u.path, len, name, looked) : NULL;
    if (!text && has_path) text = try_path(b, (struct sv){0}, u.path, len, name, looked);
    bool search = !(b->s->flags & SCHEMA_NO_SEARCH);
    if (!text && search) text = by_id(b, uri, len, name);
    if (text) return text;
    if (search)
        buf_fmt(looked, "%s the $id of %zu document%s below %s", looked->n ? ", and by" : "; looked for by", b->nfound,
                b->nfound == 1 ? "" : "s", b->dir);
    buf_str(looked, "; nothing is fetched");
    return NULL;
}

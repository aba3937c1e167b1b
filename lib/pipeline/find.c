/* Finding definitions and their files: on disk or inside the binary. See pipeline.h. */
#include "base/embed.h"
#include "base/near.h"
#include "io/file.h"
#include "pipeline/pipeline_impl.h"

#define DEFINITION_MAX (4 << 20)

const struct embedded *embed_find(const char *path) {
    for (size_t i = 0; i < embedded_count; i++)
        if (strcmp(embedded_files[i].path, path) == 0) return &embedded_files[i];
    return NULL;
}

static bool valid_name(const char *s) {
    if (*s < 'a' || *s > 'z') return false;
    for (; *s; s++)
        if (!((*s >= 'a' && *s <= 'z') || (*s >= '0' && *s <= '9') || *s == '_')) return false;
    return true;
}

static void add_name(struct arena *a, char **names, size_t *n, const char *name) {
    for (size_t i = 0; i < *n; i++)
        if (strcmp(names[i], name) == 0) return;
    names[(*n)++] = arena_str(a, name);
}

static int by_name(const void *x, const void *y) {
    return strcmp(*(char *const *)x, *(char *const *)y);
}

int pipeline_list(const char *home, struct arena *a, char ***names, size_t *n, struct err *e) {
    char *places[] = {arena_str(a, "schemas"), arena_fmt(a, "%s/schemas", home)};
    size_t room = embedded_count + 1, found = 0;
    char **dirs[2];
    size_t counts[2];
    for (int k = 0; k < 2; k++) {
        int rc = dir_list(places[k], a, &dirs[k], &counts[k], e);
        if (rc) return rc;
        room += counts[k];
    }
    *names = arena_alloc(a, room * sizeof **names);
    for (int k = 0; k < 2; k++)
        for (size_t i = 0; i < counts[k]; i++)
            if (valid_name(dirs[k][i]) && file_exists(arena_fmt(a, "%s/%s/pipeline.json", places[k], dirs[k][i])))
                add_name(a, *names, &found, dirs[k][i]);
    for (size_t i = 0; i < embedded_count; i++) {
        const char *slash = strchr(embedded_files[i].path, '/');
        if (slash && strcmp(slash, "/pipeline.json") == 0 && strncmp(embedded_files[i].path, "template/", 9) != 0)
            add_name(a, *names, &found,
                     arena_strn(a, embedded_files[i].path, (size_t)(slash - embedded_files[i].path)));
    }
    qsort(*names, found, sizeof **names, by_name);
    *n = found;
    return ERR_OK;
}

static int unknown(const char *name, const char *home, struct err *e) {
    struct arena a = {0};
    char **names;
    size_t n;
    int rc = pipeline_list(home, &a, &names, &n, e);
    if (rc == ERR_OK) {
        struct near near = near_start(name);
        struct buf all = {0};
        for (size_t i = 0; i < n; i++) {
            near_offer(&near, names[i]);
            buf_fmt(&all, "%s%s", i ? ", " : "", names[i]);
        }
        rc = err_set(e, ERR_USAGE, "no pipeline '%s'%s; there are: %s. Looked in ./schemas, %s/schemas and the binary",
                     name, near_hint(&near, &a), n ? buf_text(&all) : "none", home);
        buf_free(&all);
    }
    arena_free(&a);
    return rc;
}

static int take_file(struct pipeline *p, const char *dir, struct buf *text, struct err *e) {
    p->dir = arena_str(&p->a, dir);
    p->file = strcmp(dir, ".") == 0 ? arena_str(&p->a, "pipeline.json") : arena_fmt(&p->a, "%s/pipeline.json", dir);
    return file_read(p->file, DEFINITION_MAX, text, e);
}

int pipeline_find(struct pipeline *p, const char *name, const char *home, struct buf *text, struct err *e) {
    if (!name) return take_file(p, ".", text, e);
    if (!valid_name(name)) return unknown(name, home, e);
    const char *dirs[] = {arena_fmt(&p->a, "schemas/%s", name), arena_fmt(&p->a, "%s/schemas/%s", home, name)};
    for (int k = 0; k < 2; k++)
        if (file_exists(arena_fmt(&p->a, "%s/pipeline.json", dirs[k]))) return take_file(p, dirs[k], text, e);
    const struct embedded *f = embed_find(arena_fmt(&p->a, "%s/pipeline.json", name));
    if (!f || strcmp(name, "template") == 0) return unknown(name, home, e);
    p->builtin = arena_str(&p->a, name);
    p->file = arena_fmt(&p->a, "built-in %s/pipeline.json", name);
    buf_add(text, f->text, f->n);
    return ERR_OK;
}

int pipeline_file(const struct pipeline *p, struct arena *a, const char *file, const char **text, size_t *n,
                  struct err *e) {
    if (p->builtin) {
        const struct embedded *f = embed_find(arena_fmt(a, "%s/%s", p->builtin, file));
        if (!f) return err_set(e, ERR_CONFIG, "no file %s in the built-in definition", file);
        *text = f->text;
        *n = f->n;
        return ERR_OK;
    }
    /* told with line and column where the definition is checked; here nothing outside it is even opened */
    if (*file == '/' || strcmp(file, "..") == 0 || strncmp(file, "../", 3) == 0 || strstr(file, "/../"))
        return err_set(e, ERR_CONFIG, "%s lies outside the definition's directory", file);
    struct buf b = {0};
    int rc = file_read(arena_fmt(a, "%s/%s", p->dir, file), DEFINITION_MAX, &b, e);
    if (rc == ERR_OK) {
        *text = arena_strn(a, buf_text(&b), b.n);
        *n = b.n;
    } else {
        e->code = rc = ERR_CONFIG;
    }
    buf_free(&b);
    return rc;
}

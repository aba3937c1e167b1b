/*
 * Where the official suites are: in $ETL_SUITES, else $ETL_SHARED/data/suites, else ../shared/data/suites. They are
 * not part of the project; a test that misses its own says "SKIPPED: ..." (scripts/test.sh repeats that at the end).
 */
#ifndef ETL_JSON_SUITE_TESTING_H
#define ETL_JSON_SUITE_TESTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <sys/stat.h>

#include "base/mem.h"

static inline const char *suites_dir(struct arena *a) {
    const char *suites = getenv("ETL_SUITES"), *shared = getenv("ETL_SHARED");
    return suites ? suites : arena_fmt(a, "%s/data/suites", shared ? shared : "../shared");
}

static inline char *suite_read(const char *path, size_t *n) {
    FILE *f = fopen(path, "rb");
    if (!f) return NULL;
    struct buf b = {0};
    char part[65536];
    for (size_t got; (got = fread(part, 1, sizeof part, f)) > 0;) buf_add(&b, part, got);
    fclose(f);
    *n = b.n;
    return b.p ? b.p : mem_str("");
}

static inline bool suite_is_dir(const char *path) {
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* The directory `below` in dir itself, or in one right under it; NULL when there is none. */
static inline const char *suite_find(struct arena *a, const char *dir, const char *below) {
    const char *path = arena_fmt(a, "%s/%s", dir, below), *found = suite_is_dir(path) ? path : NULL;
    DIR *d = found ? NULL : opendir(dir);
    for (struct dirent *e; d && !found && (e = readdir(d));) {
        path = arena_fmt(a, "%s/%s/%s", dir, e->d_name, below);
        if (e->d_name[0] != '.' && suite_is_dir(path)) found = path;
    }
    if (d) closedir(d);
    return found;
}

/* Names in a directory, sorted. */
static inline char **suite_list(struct arena *a, const char *dir, size_t *n) {
    struct dirent **list = NULL;
    int found = scandir(dir, &list, NULL, alphasort);
    char **names = arena_alloc(a, (size_t)(found > 0 ? found : 0) * sizeof *names + 1);
    *n = 0;
    for (int k = 0; k < found; k++) {
        if (list[k]->d_name[0] != '.') names[(*n)++] = arena_str(a, list[k]->d_name);
        free(list[k]);
    }
    free(list);
    return names;
}

#endif

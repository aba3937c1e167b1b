/* See file.h. */
#include "io/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef RENAME_EXCHANGE
#define RENAME_EXCHANGE 2
#endif

bool file_exists(const char *path) {
    struct stat st;
    return stat(path, &st) == 0;
}

int64_t file_size(const char *path) {
    struct stat st;
    return stat(path, &st) == 0 ? (int64_t)st.st_size : -1;
}

int file_read(const char *path, size_t max, struct buf *out, struct err *e) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return err_sys(e, ERR_NOINPUT, "cannot read %s", path);
    int rc = ERR_OK;
    for (;;) {
        char *to = buf_room(out, 65536);
        ssize_t n = to ? read(fd, to, 65536) : -1;
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) {
            rc = err_sys(e, ERR_NOINPUT, "cannot read %s", path);
            break;
        }
        if (n == 0) break;
        out->n += (size_t)n;
        out->p[out->n] = 0;
        if (out->n > max) {
            rc = err_set(e, ERR_LIMIT, "%s is larger than %zu bytes", path, max);
            break;
        }
    }
    close(fd);
    return rc;
}

int fd_write(int fd, const void *p, size_t n, const char *name, struct err *e) {
    const char *s = p;
    while (n) {
        ssize_t w = write(fd, s, n);
        if (w < 0 && errno == EINTR) continue;
        if (w < 0) return err_sys(e, ERR_IO, "cannot write %s", name);
        s += w;
        n -= (size_t)w;
    }
    return ERR_OK;
}

int fd_sync(int fd) {
    int got;
    do got = fsync(fd);
    while (got != 0 && errno == EINTR);
    return got;
}

char *path_dir(const char *path, struct arena *a) {
    const char *slash = strrchr(path, '/');
    if (!slash) return arena_str(a, ".");
    if (slash == path) return arena_str(a, "/");
    return arena_strn(a, path, (size_t)(slash - path));
}

int dir_sync(const char *path, struct err *e) {
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return err_sys(e, ERR_IO, "cannot open directory %s", path);
    int rc = ERR_OK;
    /* EINVAL: a file system that cannot sync directories has nothing to sync */
    if (fd_sync(fd) != 0 && errno != EINVAL) rc = err_sys(e, ERR_IO, "cannot sync directory %s", path);
    close(fd);
    return rc;
}

int file_sync(const char *path, struct err *e) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return err_sys(e, ERR_IO, "cannot open %s", path);
    int rc = fd_sync(fd) == 0 ? ERR_OK : err_sys(e, ERR_IO, "cannot sync %s", path);
    close(fd);
    return rc;
}

int file_create(const char *path) {
    int how = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, fd = open(path, how, 0644);
    return fd < 0 && errno == EEXIST && unlink(path) == 0 ? open(path, how, 0644) : fd;
}

int file_publish(const char *path, const void *p, size_t n, struct err *e) {
    struct arena a = {0};
    char *tmp = arena_fmt(&a, "%s.tmp-%d", path, (int)getpid());
    int fd = file_create(tmp);
    int rc;
    if (fd < 0) {
        rc = err_sys(e, ERR_IO, "cannot write %s", path);
        goto out;
    }
    rc = fd_write(fd, p, n, path, e);
    if (rc == ERR_OK && fd_sync(fd) != 0) rc = err_sys(e, ERR_IO, "cannot sync %s", path);
    close(fd);
    if (rc == ERR_OK && rename(tmp, path) != 0) rc = err_sys(e, ERR_IO, "cannot put %s in place", path);
    if (rc == ERR_OK)
        rc = dir_sync(path_dir(path, &a), e);
    else
        unlink(tmp);
out:
    arena_free(&a);
    return rc;
}

int dir_make(const char *path, struct err *e) {
    struct arena a = {0};
    char *p = arena_str(&a, path);
    int rc = ERR_OK;
    for (char *s = p + 1;; s++) {
        if (*s != '/' && *s) continue;
        char c = *s;
        *s = 0;
        if (mkdir(p, 0755) == 0) {
            rc = dir_sync(path_dir(p, &a), e); /* the new entry itself must survive a power cut */
        } else if (errno != EEXIST) {
            rc = err_sys(e, ERR_IO, "cannot make directory %s", p);
        }
        *s = c;
        if (!c || rc) break;
    }
    struct stat st;
    if (rc == ERR_OK && (stat(path, &st) != 0 || !S_ISDIR(st.st_mode)))
        rc = err_set(e, ERR_IO, "%s exists and is not a directory", path);
    arena_free(&a);
    return rc;
}

static int by_name(const void *x, const void *y) {
    return strcmp(*(char *const *)x, *(char *const *)y);
}

int dir_list(const char *path, struct arena *a, char ***names, size_t *n, struct err *e) {
    *names = NULL;
    *n = 0;
    DIR *d = opendir(path);
    if (!d) return errno == ENOENT ? ERR_OK : err_sys(e, ERR_NOINPUT, "cannot read directory %s", path);
    size_t cap = 0;
    char **list = NULL;
    for (struct dirent *de; (de = readdir(d));) {
        if (strcmp(de->d_name, ".") == 0 || strcmp(de->d_name, "..") == 0) continue;
        if (*n == cap) {
            cap = cap ? cap * 2 : 16;
            list = mem_grow(list, cap * sizeof *list);
        }
        list[(*n)++] = arena_str(a, de->d_name);
    }
    closedir(d);
    if (*n) {
        qsort(list, *n, sizeof *list, by_name);
        *names = arena_alloc(a, *n * sizeof *list);
        memcpy(*names, list, *n * sizeof *list);
    }
    free(list);
    return ERR_OK;
}

int dir_remove(const char *path, struct err *e) {
    struct stat st;
    if (lstat(path, &st) != 0) return errno == ENOENT ? ERR_OK : err_sys(e, ERR_IO, "cannot look at %s", path);
    if (!S_ISDIR(st.st_mode))
        return unlink(path) == 0 || errno == ENOENT ? ERR_OK : err_sys(e, ERR_IO, "cannot remove %s", path);
    struct arena a = {0};
    char **names;
    size_t n;
    int rc = dir_list(path, &a, &names, &n, e);
    for (size_t i = 0; i < n && rc == ERR_OK; i++) rc = dir_remove(arena_fmt(&a, "%s/%s", path, names[i]), e);
    if (rc == ERR_OK && rmdir(path) != 0 && errno != ENOENT)
        rc = err_sys(e, ERR_IO, "cannot remove directory %s", path);
    arena_free(&a);
    return rc;
}

/* NAME.tmp-PID: the process, 0 when the name is another. */
static pid_t writer_of(const char *name) {
    const char *at = strstr(name, ".tmp-");
    for (const char *next = at; next; next = strstr(next + 1, ".tmp-")) at = next;
    if (!at || at == name) return 0;
    size_t digits = strspn(at + 5, "0123456789");
    return digits && digits < 10 && !at[5 + digits] ? (pid_t)strtol(at + 5, NULL, 10) : 0;
}

int dir_sweep(const char *path, struct err *e) {
    struct arena a = {0};
    char **names;
    size_t n;
    int rc = dir_list(path, &a, &names, &n, e);
    for (size_t i = 0; i < n && rc == ERR_OK; i++) {
        pid_t pid = writer_of(names[i]);
        if (!pid || kill(pid, 0) == 0 || errno != ESRCH) continue;
        char *file = arena_fmt(&a, "%s/%s", path, names[i]);
        if (unlink(file) != 0 && errno != ENOENT) rc = err_sys(e, ERR_IO, "cannot remove %s", file);
    }
    arena_free(&a);
    return rc;
}

int dir_replace(const char *made, const char *path, struct err *e) {
    struct arena a = {0};
    char *parent = path_dir(path, &a);
    int rc = ERR_OK;
    if (!file_exists(path)) {
        if (rename(made, path) != 0) rc = err_sys(e, ERR_IO, "cannot put %s in place", path);
        if (rc == ERR_OK) rc = dir_sync(parent, e);
    } else if (renameat2(AT_FDCWD, made, AT_FDCWD, path, RENAME_EXCHANGE) == 0) {
        rc = dir_sync(parent, e);
        if (rc == ERR_OK) rc = dir_remove(made, e);
    } else if (errno == EINVAL || errno == ENOSYS) {
        /* No exchange on this file system: aside first. A kill in between leaves the old one under its
         * .old name and the new one complete under `made`; both are swept and the step is redone. */
        char *old = arena_fmt(&a, "%s.old", made);
        rc = dir_remove(old, e);
        if (rc == ERR_OK && rename(path, old) != 0) rc = err_sys(e, ERR_IO, "cannot move %s aside", path);
        if (rc == ERR_OK && rename(made, path) != 0) rc = err_sys(e, ERR_IO, "cannot put %s in place", path);
        if (rc == ERR_OK) rc = dir_sync(parent, e);
        if (rc == ERR_OK) rc = dir_remove(old, e);
    } else {
        rc = err_sys(e, ERR_IO, "cannot put %s in place", path);
    }
    arena_free(&a);
    return rc;
}

int file_temp(const char *dir, struct err *e) {
    int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0) return fd;
    char name[4096];
    snprintf(name, sizeof name, "%s/etl-XXXXXX", dir);
    fd = mkostemp(name, O_CLOEXEC);
    if (fd < 0) {
        err_sys(e, ERR_IO, "cannot make a temporary file in %s", dir);
        return -1;
    }
    unlink(name);
    return fd;
}

static __thread int glob_errno;

/* A directory that is not there holds no match; one that cannot be read is an error. */
static int glob_problem(const char *path, int why) {
    (void)path;
    glob_errno = why;
    return why != ENOENT && why != ENOTDIR;
}

int path_glob(const char *pattern, struct arena *a, char ***paths, size_t *n, struct err *e) {
    glob_t g = {0};
    *paths = NULL;
    *n = 0;
    int rc = glob(pattern, 0, glob_problem, &g);
    if (rc == GLOB_NOMATCH) {
        globfree(&g);
        return ERR_OK;
    }
    if (rc != 0) {
        globfree(&g);
        errno = rc == GLOB_ABORTED ? glob_errno : ENOMEM;
        return err_sys(e, ERR_NOINPUT, "cannot search %s", pattern);
    }
    *n = g.gl_pathc;
    *paths = arena_alloc(a, *n * sizeof **paths);
    for (size_t i = 0; i < *n; i++) (*paths)[i] = arena_str(a, g.gl_pathv[i]);
    qsort(*paths, *n, sizeof **paths, by_name);
    globfree(&g);
    return ERR_OK;
}

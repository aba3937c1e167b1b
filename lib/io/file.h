/*
 * Files and directories: made durable before they are visible.
 *
 * A path written through here appears whole by one rename, after the bytes and then the
 * directory entry have reached the disk (fsync of file and directory).
 */
#ifndef ETL_IO_FILE_H
#define ETL_IO_FILE_H

#include "base/err.h"
#include "base/mem.h"

int file_read(const char *path, size_t max, struct buf *out, struct err *e); /* ERR_NOINPUT, ERR_LIMIT */
bool file_exists(const char *path);
int64_t file_size(const char *path); /* -1 when it cannot be read */
/* Whole file by rename; the parent directory must exist. */
int file_publish(const char *path, const void *p, size_t n, struct err *e);
/* A new file to write, fd or -1 with errno: what a killed process left there goes, and nobody's link is followed. */
int file_create(const char *path);
int file_sync(const char *path, struct err *e);
int dir_make(const char *path, struct err *e); /* with parents */
int dir_sync(const char *path, struct err *e);
int dir_remove(const char *path, struct err *e); /* with contents; absent is fine; does not follow links */
/* Remove what writers that are gone (killed, power lost) left in a directory: NAME.tmp-PID of no process. Absent is
 * fine. */
int dir_sweep(const char *path, struct err *e);
/* fsync, begun again when a signal comes in between. 0, or -1 with errno. */
int fd_sync(int fd);
/* Sorted names in a directory without . and ..; the arena owns them. Absent directory: 0 names. */
int dir_list(const char *path, struct arena *a, char ***names, size_t *n, struct err *e);
/* Put directory `made` in the place of `path` atomically; what was there is removed after. */
int dir_replace(const char *made, const char *path, struct err *e);
/* Directory part of a path ("." when there is none), in the arena. */
char *path_dir(const char *path, struct arena *a);
/* Anonymous temporary file under dir (unlinked at once), fd or -1. */
int file_temp(const char *dir, struct err *e);
/* Write all; handles short writes and EINTR. */
int fd_write(int fd, const void *p, size_t n, const char *name, struct err *e);
/* Expand a glob pattern (*, ?, [..] in any component) in sorted order. No match: n = 0. */
int path_glob(const char *pattern, struct arena *a, char ***paths, size_t *n, struct err *e);

#endif

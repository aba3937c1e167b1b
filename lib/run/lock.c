/* See lock.h. */
#include "run/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/day.h"
#include "io/file.h"

static int busy(int fd, const char *pipeline, struct err *e) {
    char who[512] = "";
    ssize_t n = pread(fd, who, sizeof who - 1, 0);
    if (n > 0 && who[n - 1] == '\n') who[n - 1] = 0;
    return err_set(e, ERR_BUSY, "another run of %s is active: %s", pipeline,
                   who[0] ? who : "it has not said who it is yet");
}

int run_lock_take(struct run_lock *l, const char *home, const char *pipeline, const char *command, struct err *e) {
    struct arena a = {0};
    char *dir = arena_fmt(&a, "%s/locks", home), *path = arena_fmt(&a, "%s/%s.lock", dir, pipeline);
    l->fd = -1;
    int rc = dir_make(dir, e);
    if (rc) goto out;
    l->fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (l->fd < 0) {
        rc = err_sys(e, ERR_IO, "cannot open %s", path);
        goto out;
    }
    int taken = flock(l->fd, LOCK_EX | LOCK_NB);
    for (int i = 0; i < 10 && taken != 0 && errno == EWOULDBLOCK; i++) { /* who only looks holds it for a moment */
        usleep(20000);
        taken = flock(l->fd, LOCK_EX | LOCK_NB);
    }
    if (taken != 0) {
        rc = errno == EWOULDBLOCK ? busy(l->fd, pipeline, e) : err_sys(e, ERR_IO, "cannot lock %s", path);
        goto out;
    }
    char host[128] = "";
    gethostname(host, sizeof host - 1);
    char *who = arena_fmt(&a, "pid %d on %s since %s: %s\n", (int)getpid(), host, utc_text(now_utc()).s,
                          command ? command : "etl run");
    if (ftruncate(l->fd, 0) != 0 || pwrite(l->fd, who, strlen(who), 0) < 0)
        rc = err_sys(e, ERR_IO, "cannot write %s", path);
out:
    arena_free(&a);
    if (rc) run_lock_drop(l);
    return rc;
}

bool run_lock_held(const char *home, const char *pipeline) {
    struct arena a = {0};
    int fd = open(arena_fmt(&a, "%s/locks/%s.lock", home, pipeline), O_RDONLY | O_CLOEXEC);
    bool held = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    if (fd >= 0) close(fd);
    arena_free(&a);
    return held;
}

void run_lock_drop(struct run_lock *l) {
    if (l->fd >= 0) close(l->fd);
    l->fd = -1;
}

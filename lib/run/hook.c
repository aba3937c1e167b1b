/* See hook.h. */
#include "run/hook.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/day.h"
#include "base/log.h"
#include "base/stop.h"

static void child(const struct hook *h) {
    setpgid(0, 0);
    dup2(2, 1);
    signal(SIGPIPE, SIG_DFL);
    setenv("ETL_PIPELINE", h->pipeline, 1);
    setenv("ETL_DAY", h->day, 1);
    setenv("ETL_RUN_ID", h->run_id, 1);
    setenv("ETL_HOME", h->home, 1);
    setenv("ETL_STATE", h->state ? h->state : "", 1);
    execl("/bin/sh", "sh", "-c", h->command, (char *)NULL);
    _exit(127);
}

int hook_run(const struct hook *h, struct err *e) {
    log_info("%s hook: %s", h->name, h->command);
    pid_t pid = fork();
    if (pid < 0) return err_sys(e, ERR_HOOK, "cannot start the %s hook", h->name);
    if (pid == 0) child(h);
    double start = now_mono();
    int status = 0;
    for (;;) {
        pid_t got = waitpid(pid, &status, WNOHANG);
        if (got == pid) break;
        if (got < 0 && errno != EINTR) return err_sys(e, ERR_HOOK, "cannot wait for the %s hook", h->name);
        bool late =
            (h->limit && now_mono() - start > (double)h->limit) || (h->deadline > 0 && now_mono() > h->deadline);
        if (late || stop_count() > 1) {
            kill(-pid, SIGKILL);
            waitpid(pid, &status, 0);
            return late ? err_set(e, ERR_TIMEOUT, "the %s hook passed the time limit after %.0f s and was killed: %s",
                                  h->name, now_mono() - start, h->command)
                        : err_set(e, ERR_STOPPED, "the %s hook was stopped", h->name);
        }
        usleep(20000);
    }
    if (WIFSIGNALED(status))
        return err_set(e, ERR_HOOK, "the %s hook was ended by signal %d: %s", h->name, WTERMSIG(status), h->command);
    if (WEXITSTATUS(status))
        return err_set(e, ERR_HOOK, "the %s hook ended with status %d: %s", h->name, WEXITSTATUS(status), h->command);
    return ERR_OK;
}

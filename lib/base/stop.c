/* See stop.h. The handler only counts; the second signal ends the process from within the handler,
 * which is safe because every publication is one rename. */
#include "base/stop.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "base/day.h"

static volatile sig_atomic_t signal_number, signal_count;
static double deadline;
static bool draining;

static void on_signal(int sig) {
    signal_number = sig;
    if (++signal_count >= 3) _exit(128 + sig);
}

void stop_install(void) {
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction sa = {.sa_handler = on_signal};
    sigemptyset(&sa.sa_mask);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        struct sigaction old;
        sigaction(signals[i], NULL, &old);
        if (old.sa_handler != SIG_IGN) sigaction(signals[i], &sa, NULL); /* nohup stays nohup */
    }
    signal(SIGPIPE, SIG_IGN);
}

void stop_drain(bool drain) {
    draining = drain;
}

int stop_signal(void) {
    return signal_number;
}

int stop_count(void) {
    return signal_count;
}

void stop_deadline(double mono) {
    deadline = mono;
}

int stop_check(struct err *e) {
    if (signal_count > (draining ? 1 : 0))
        return err_set(e, ERR_STOPPED, "stopped by signal %d (%s)", (int)signal_number, strsignal(signal_number));
    if (deadline > 0 && now_mono() > deadline) return err_set(e, ERR_TIMEOUT, "time limit passed");
    return ERR_OK;
}

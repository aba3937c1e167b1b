/* See progress.h. */
#include "base/progress.h"

#include <unistd.h>

#include "base/day.h"

static struct {
    bool enabled, shown;
    const char *stage, *what, *unit;
    uint64_t done, total;
    double start, last;
} pr;

void progress_enable(bool on) {
    pr.enabled = on;
}

void progress_begin(const char *stage, const char *what) {
    pr.stage = stage;
    pr.what = what;
    pr.unit = NULL;
    pr.done = pr.total = 0;
    pr.start = pr.last = now_mono();
}

void progress_unit(const char *unit) {
    pr.unit = unit;
}

void progress_expect(uint64_t bytes) {
    pr.total += bytes;
}

static int size_text(char *to, size_t n, double bytes) {
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
    int u = 0;
    if (pr.unit) return snprintf(to, n, bytes < 10 ? "%.3g %s" : "%.0f %s", bytes, pr.unit);
    while (bytes >= 1000 && u < 4) {
        bytes /= 1000;
        u++;
    }
    return snprintf(to, n, bytes < 10 && u ? "%.2f %s" : "%.0f %s", bytes, units[u]);
}

static void show(double now) {
    char line[256], done[32], total[32], rate[32];
    double seconds = now - pr.start, speed = seconds > 0 ? (double)pr.done / seconds : 0;
    size_text(done, sizeof done, (double)pr.done);
    size_text(rate, sizeof rate, speed);
    int n;
    if (pr.total >= pr.done && pr.total) {
        size_text(total, sizeof total, (double)pr.total);
        int left = speed > 0 ? (int)((double)(pr.total - pr.done) / speed) : 0;
        n = snprintf(line, sizeof line, "\r\033[K%s %s  %s of %s  %d %%  %s/s  %d:%02d left", pr.stage, pr.what, done,
                     total, (int)((double)pr.done * 100 / (double)pr.total), rate, left / 60, left % 60);
    } else {
        n = snprintf(line, sizeof line, "\r\033[K%s %s  %s  %s/s", pr.stage, pr.what, done, rate);
    }
    if (n > 0 && write(2, line, (size_t)n < sizeof line ? (size_t)n : sizeof line - 1) > 0) pr.shown = true;
}

void progress_add(uint64_t bytes) {
    pr.done += bytes;
    if (!pr.enabled || !pr.stage) return;
    double now = now_mono();
    if (now - pr.last < 0.25) return;
    pr.last = now;
    show(now);
}

void progress_clear(void) {
    static const char clear[] = "\r\033[K";
    if (pr.shown && write(2, clear, sizeof clear - 1) > 0) pr.shown = false;
}

void progress_end(void) {
    progress_clear();
    pr.stage = NULL;
}

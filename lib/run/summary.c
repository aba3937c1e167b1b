/* See summary.h. */
#include "run/summary.h"

#include <unistd.h>

#include "base/log.h"

void summary_add(struct summary *s, const struct plan_step *step, const struct step_result *r, double seconds,
                 const char *state) {
    if (s->n == s->cap) {
        s->cap = s->cap ? s->cap * 2 : 16;
        s->rows = mem_grow(s->rows, s->cap * sizeof *s->rows);
    }
    s->rows[s->n++] = (struct summary_row){stage_name(step->stage), step->name, state, r->rows_in, r->rows_out,
                                           r->rows_rejected,        seconds};
}

void summary_note(struct summary *s, const char *note) {
    size_t n = strlen(s->note);
    snprintf(s->note + n, sizeof s->note - n, "%s%s", n ? "\n             " : "", note);
}

void summary_free(struct summary *s) {
    free(s->rows);
    *s = (struct summary){0};
}

static void count(char to[24], int64_t n) {
    if (n < 0) {
        snprintf(to, 24, "-");
        return;
    }
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%lld", (long long)n), k = 0;
    for (int i = 0; i < len; i++) {
        if (i && (len - i) % 3 == 0) to[k++] = ',';
        to[k++] = digits[i];
    }
    to[k] = 0;
}

void summary_print(const struct summary *s, const struct pipeline *p, const char *day, const char *state,
                   const char *run_id, double seconds, const struct step_ctx *ctx) {
    int width = 12;
    for (size_t i = 0; i < s->n; i++)
        if ((int)strlen(s->rows[i].name) > width) width = (int)strlen(s->rows[i].name);
    printf("%s %s  %s in %.2f s  (run %s)\n", p->name, day, state, seconds, run_id);
    printf("  %-9s  %-*s %12s %12s %10s %8s\n", "stage", width, "dataset", "in", "out", "rejected", "seconds");
    for (size_t i = 0; i < s->n; i++) {
        const struct summary_row *r = &s->rows[i];
        char in[24], out[24], rejected[24];
        count(in, r->in);
        count(out, r->out);
        count(rejected, r->rejected);
        printf("  %-9s  %-*s %12s %12s %10s %8.2f%s%s\n", r->stage, width, r->name, in, out, rejected, r->seconds,
               strcmp(r->state, "done") == 0 ? "" : "  ", strcmp(r->state, "done") == 0 ? "" : r->state);
    }
    if (ctx->checks_total) printf("  checks     %zu of %zu passed\n", ctx->checks_passed, ctx->checks_total);
    struct buf note = {0}; /* a path: the home may be called anything */
    log_clean(&note, sv_of(s->note));
    if (s->note[0]) printf("  report     %s\n", buf_text(&note));
    buf_free(&note);
    fflush(stdout);
}

void summary_plan(const struct plan *pl) {
    size_t todo = 0;
    for (size_t i = 0; i < pl->n; i++) todo += pl->s[i].todo;
    printf("%s %s: %zu of %zu steps would be done\n", pl->p->name, day_text(pl->day).s, todo, pl->n);
    for (size_t i = 0; i < pl->n; i++) {
        const struct plan_step *s = &pl->s[i];
        printf("  %-4s %-9s  %-22s  %s\n", s->todo ? "do" : "skip", stage_name(s->stage), s->name, s->why);
    }
    fflush(stdout);
}

void summary_nothing(const struct pipeline *p, const char *day) {
    printf("%s %s  done already; nothing to do (--force does it again)\n", p->name, day);
    fflush(stdout);
}

/* The samples of a check: of all its failures the first few in the order of the input, whichever way and in whatever
 * order they were found. */
#include "quality/quality_impl.h"

static int rank_compare(const struct rank *x, const struct rank *y) {
    for (int i = 0; i < 3; i++)
        if (x->w[i] != y->w[i]) return x->w[i] < y->w[i] ? -1 : 1;
    return 0;
}

bool sample_wanted(const struct quality *q, uint32_t check, struct rank at) {
    size_t n = q->results[check].nsamples;
    return n < QUALITY_SAMPLES || rank_compare(&at, &q->ranks[check][n - 1]) < 0;
}

static void sample_free(struct quality_sample *s) {
    free((char *)(uintptr_t)s->field);
    free((char *)(uintptr_t)s->expected);
    free((char *)(uintptr_t)s->found);
}

void sample_add(struct quality *q, uint32_t check, struct rank at, struct quality_sample s) {
    struct quality_check *c = &q->results[check];
    struct rank *ranks = q->ranks[check];
    if (!sample_wanted(q, check, at)) return;
    if (c->nsamples == QUALITY_SAMPLES) sample_free(&c->samples[--c->nsamples]);
    size_t i = c->nsamples++;
    for (; i && rank_compare(&at, &ranks[i - 1]) < 0; i--) {
        ranks[i] = ranks[i - 1];
        c->samples[i] = c->samples[i - 1];
    }
    ranks[i] = at;
    s.field = mem_str(s.field);
    s.expected = mem_str(s.expected);
    s.found = mem_str(s.found);
    c->samples[i] = s;
}

void samples_free(struct quality *q) {
    for (size_t i = 0; i < q->nchecks; i++)
        for (size_t k = 0; k < q->results[i].nsamples; k++) sample_free(&q->results[i].samples[k]);
}

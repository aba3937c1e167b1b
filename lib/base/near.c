/* See near.h. Words longer than 63 bytes are not compared: they are no misspelt names. */
#include "base/near.h"

#define WORD_MAX 64

static int min3(int a, int b, int c) {
    int m = a < b ? a : b;
    return m < c ? m : c;
}

int near_distance(struct sv a, struct sv b, int limit) {
    if (a.n >= WORD_MAX || b.n >= WORD_MAX) return limit + 1;
    int two[WORD_MAX] = {0}, one[WORD_MAX], row[WORD_MAX];
    for (int j = 0; j <= (int)b.n; j++) one[j] = j;
    for (int i = 1; i <= (int)a.n; i++) {
        row[0] = i;
        for (int j = 1; j <= (int)b.n; j++) {
            int cost = a.p[i - 1] != b.p[j - 1];
            row[j] = min3(one[j] + 1, row[j - 1] + 1, one[j - 1] + cost);
            if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] && a.p[i - 2] == b.p[j - 1] && two[j - 2] + 1 < row[j])
                row[j] = two[j - 2] + 1;
        }
        memcpy(two, one, sizeof two);
        memcpy(one, row, sizeof one);
    }
    return one[b.n] > limit ? limit + 1 : one[b.n];
}

struct near near_start(const char *word) {
    return (struct near){.word = sv_of(word), .distance = 99};
}

void near_offer(struct near *n, const char *candidate) {
    int limit = (int)n->word.n / 3;
    limit = limit < 1 ? 1 : limit > 3 ? 3 : limit;
    struct sv c = sv_of(candidate);
    int d = near_distance(n->word, c, limit);
    if (d > limit && n->word.n >= 3 && c.n > n->word.n && memcmp(c.p, n->word.p, n->word.n) == 0) d = limit;
    if (d <= limit && d < n->distance) {
        n->distance = d;
        n->best = candidate;
    }
}

const char *near_hint(const struct near *n, struct arena *a) {
    return n->best ? arena_fmt(a, " (did you mean '%s'?)", n->best) : "";
}

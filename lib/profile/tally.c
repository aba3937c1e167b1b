/* See field.h: what adds up. */
#include <math.h>

#include "profile/field.h"
#include "json/number.h"

void extent_add(struct extent *x, uint64_t v, uint64_t count) {
    if (!x->n || v < x->least) x->least = v;
    if (!x->n || v > x->greatest) x->greatest = v;
    x->n += count;
    x->sum += v * count;
}

static void extent_merge(struct extent *to, const struct extent *from) {
    if (!from->n) return;
    if (!to->n || from->least < to->least) to->least = from->least;
    if (!to->n || from->greatest > to->greatest) to->greatest = from->greatest;
    to->n += from->n;
    to->sum += from->sum;
}

void tally_start(struct tally *t) {
    struct exact keep = t->exact; /* its digits are zero and may stay */
    *t = (struct tally){.exact = keep, .forms = FORM_ALL, .first = INFINITY, .last = -INFINITY};
}

void tally_free(struct tally *t) {
    struct limit *l[] = {&t->least, &t->greatest, &t->least_text, &t->greatest_text};
    for (int i = 0; i < 4; i++)
        if (l[i]->own) free((void *)(uintptr_t)l[i]->p);
    exact_free(&t->exact);
}

static int compare_numbers(const struct limit *a, const struct limit *b) {
    struct number x, y;
    if (a->num != b->num) return a->num < b->num ? -1 : 1;
    if (a->n > LIMIT_KEEP || b->n > LIMIT_KEEP) return 0;
    number_parse(&x, a->p, a->n);
    number_parse(&y, b->p, b->n);
    return number_compare(&x, &y);
}

static int compare_texts(const struct limit *a, const struct limit *b) {
    int c = memcmp(a->p, b->p, a->n < b->n ? a->n : b->n);
    return c ? c : (a->n > b->n) - (a->n < b->n);
}

/* Of values that are alike the first stays. */
static void limit_take(struct limit *l, struct limit v, int sign,
                       int (*compare)(const struct limit *, const struct limit *), bool copy) {
    if (!v.set || (l->set && sign * compare(&v, l) <= 0)) return;
    char *own = NULL;
    if (copy) {
        own = mem_grow(NULL, v.n + 1u);
        memcpy(own, v.p, v.n);
        if (l->own) free((void *)(uintptr_t)l->p);
        v.p = own;
    }
    *l = v;
    l->own = copy;
}

static void add_number(struct tally *t, const struct scalar *s) {
    struct limit v = {.set = true, .num = s->num, .p = s->text, .n = s->len};
    if (s->len > LIMIT_KEEP) {
        t->long_number = true;
        v.n = LIMIT_KEEP + 1;
    }
    limit_take(&t->least, v, -1, compare_numbers, false);
    limit_take(&t->greatest, v, 1, compare_numbers, false);
    if (isinf(s->num)) {
        t->beyond += s->count;
        return;
    }
    t->numbers += s->count;
    exact_add(&t->exact, s->num, s->count);
}

static void add_time(struct tally *t, const struct scalar *s) {
    t->times += s->count;
    t->zoned += s->zoned ? s->count : 0;
    t->time_sum += (__int128)s->num * s->count;
    if (s->num < t->first) t->first = s->num;
    if (s->num > t->last) t->last = s->num;
}

static uint64_t code_points(const char *p, size_t n) {
    uint64_t k = 0;
    for (size_t i = 0; i < n; i++) k += ((unsigned char)p[i] & 0xC0) != 0x80;
    return k;
}

void tally_add(struct tally *t, const struct scalar *s) {
    t->kinds[s->kind] += s->count;
    if (kind_is_number(s->kind)) add_number(t, s);
    if (kind_is_time(s->kind)) add_time(t, s);
    if (!s->quoted) return;
    if (s->kind <= KIND_BOOLEAN) t->as_text[s->kind] += s->count;
    extent_add(&t->lengths, s->high ? code_points(s->text, s->len) : s->len, s->count);
    if (t->forms) t->forms = kind_forms(s->kind, s->text, s->len, t->forms);
    if (s->kind == KIND_EMPTY) return;
    struct limit v = {.set = true, .p = s->text, .n = value_kept(s->len)};
    limit_take(&t->least_text, v, -1, compare_texts, false);
    limit_take(&t->greatest_text, v, 1, compare_texts, false);
}

void tally_merge(struct tally *to, struct tally *from) {
    for (int k = 0; k < KIND_COUNT; k++) to->kinds[k] += from->kinds[k];
    for (int k = 0; k <= KIND_BOOLEAN; k++) to->as_text[k] += from->as_text[k];
    to->left_out += from->left_out;
    to->repeated += from->repeated;
    extent_merge(&to->items, &from->items);
    extent_merge(&to->lengths, &from->lengths);
    to->numbers += from->numbers;
    to->beyond += from->beyond;
    to->long_number |= from->long_number;
    exact_merge(&to->exact, &from->exact);
    limit_take(&to->least, from->least, -1, compare_numbers, true);
    limit_take(&to->greatest, from->greatest, 1, compare_numbers, true);
    to->times += from->times;
    to->zoned += from->zoned;
    to->time_sum += from->time_sum;
    if (from->first < to->first) to->first = from->first;
    if (from->last > to->last) to->last = from->last;
    limit_take(&to->least_text, from->least_text, -1, compare_texts, true);
    limit_take(&to->greatest_text, from->greatest_text, 1, compare_texts, true);
    to->forms &= from->forms;
    tally_start(from);
}

uint64_t tally_present(const struct tally *t) {
    uint64_t n = 0;
    for (int k = 0; k < KIND_COUNT; k++) n += t->kinds[k];
    return n;
}

uint64_t tally_strings(const struct tally *t) {
    uint64_t n = 0;
    for (int k = KIND_DATE; k <= KIND_EMPTY; k++) n += t->kinds[k];
    for (int k = 0; k <= KIND_BOOLEAN; k++) n += t->as_text[k];
    return n;
}

/* See say.h. */
#include "profile/say.h"

#include <math.h>

void say_count(struct buf *b, uint64_t n) {
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n);
    for (int i = 0; i < len; i++) {
        if (i && (len - i) % 3 == 0) buf_chr(b, ',');
        buf_chr(b, digits[i]);
    }
}

/* Never 100 % nor 0 % unless it is. */
void say_percent(struct buf *b, uint64_t part, uint64_t of) {
    double x = of ? (double)part * 100 / (double)of : 0;
    if (part < of && x > 99.99) x = 99.99;
    if (part && x < 0.01) x = 0.01;
    buf_fmt(b, part == of || !part ? "%.0f %%" : "%.2f %%", x);
}

void say_number(struct buf *b, double x) {
    double size = fabs(x);
    char text[64];
    if (!isfinite(x)) {
        buf_str(b, "–");
        return;
    }
    if (size >= 1e15 || (size < 1e-4 && size > 0)) {
        buf_fmt(b, "%.6g", x);
        return;
    }
    snprintf(text, sizeof text, "%.*f", size >= 1000 ? 2 : size >= 1 ? 4 : 6, x);
    size_t n = strlen(text);
    while (n && text[n - 1] == '0') n--;
    if (n && text[n - 1] == '.') n--;
    if (n == 2 && memcmp(text, "-0", 2) == 0) n = 0;
    buf_add(b, n ? text : "0", n ? n : 1);
}

void say_name(struct buf *b, const struct field *f, size_t most) {
    struct buf pointer = {0};
    field_pointer(f, &pointer);
    struct sv s = {buf_text(&pointer), pointer.n};
    if (!s.n)
        buf_str(b, "(the record)");
    else
        text_show(b, (struct sv){s.p + 1, s.n - 1}, most);
    buf_free(&pointer);
}

/* "integer" or "string|integer", the most frequent first; "number" where whole ones are among them. */
void say_kinds(struct buf *b, const struct tally *t) {
    uint64_t left[KIND_COUNT];
    memcpy(left, t->kinds, sizeof left);
    if (left[KIND_NUMBER]) {
        left[KIND_NUMBER] += left[KIND_INTEGER];
        left[KIND_INTEGER] = 0;
    }
    left[KIND_NULL] = left[KIND_EMPTY] = 0;
    for (bool first = true;; first = false) {
        int best = 0;
        for (int k = 1; k < KIND_COUNT; k++)
            if (left[k] > left[best]) best = k;
        if (!left[best]) break;
        buf_fmt(b, "%s%s", first ? "" : "|", kind_names[best]);
        left[best] = 0;
    }
    if (!b->n) buf_str(b, t->kinds[KIND_EMPTY] ? "empty" : t->kinds[KIND_NULL] ? "null" : "–");
}

struct time_style times_of(const struct tally *t) {
    return (struct time_style){t->zoned == t->times, !t->kinds[KIND_TIMESTAMP]};
}

bool mostly_times(const struct tally *t) {
    return t->times > t->numbers + t->beyond;
}
bool mostly_numbers(const struct tally *t) {
    return t->numbers + t->beyond &&
           t->numbers + t->beyond >= tally_strings(t) - t->as_text[KIND_INTEGER] - t->as_text[KIND_NUMBER];
}

bool is_shown(const struct profile *p, const struct field *f) {
    return f != p->fields[0] || tally_present(&f->t) != f->t.kinds[KIND_OBJECT];
}

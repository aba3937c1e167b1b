/*
 * month_day: a date whose year nobody wrote. "1일전 (12/31)" seen on 2026-01-01 is 2025-12-31: the last such day that
 * does not lie after the day it is read against, or the one nearest to it. A text without month and day may stand for a
 * span before that day ("a month ago").
 */
#include "transform/op.h"

struct month_day {
    struct sv field, to, against; /* against "": the day of the run */
    char unit;                    /* 'd', 'm', 'y', 0 none: of the span */
    int span;
    bool nearest; /* the day may lie after it as well */
};

const void *parse_month_day(struct op_parse *c) {
    struct month_day *x = arena_alloc(c->a, sizeof *x);
    struct jval v;
    x->field = sv_of(get_str(c->a, c->v, "field", ""));
    x->to = sv_of(get_str(c->a, c->v, "to", x->field.p));
    x->against = sv_of(get_str(c->a, c->v, "against", ""));
    x->nearest = get_bool(c->v, "nearest", false);
    const char *span = get_str(c->a, c->v, "else", NULL);
    if (!span) return x;
    char *end;
    long n = strtol(span, &end, 10);
    x->span = n >= 0 && n < 100000 ? (int)n : 0;
    x->unit = *end;
    if ((n < 0 || n >= 100000 || end == span || !strchr("dmy", *end) || !*end || end[1]) && get_val(c->v, "else", &v))
        mistake_at(c->m, offset_of(v), "else: expected a span such as 1d, 1m or 1y");
    return x;
}

static bool digit(char c) {
    return c >= '0' && c <= '9';
}

/* The first "MM/DD", "MM-DD" or "MM.DD" that is no part of a longer number. */
static bool find_month_day(struct sv s, int *month, int *day) {
    for (size_t i = 0; i + 5 <= s.n; i++) {
        const char *p = s.p + i;
        if (!digit(p[0]) || !digit(p[1]) || !strchr("/-.", p[2]) || !digit(p[3]) || !digit(p[4])) continue;
        if ((i && digit(p[-1])) || (i + 5 < s.n && digit(p[5]))) continue;
        *month = (p[0] - '0') * 10 + p[1] - '0';
        *day = (p[3] - '0') * 10 + p[4] - '0';
        return true;
    }
    return false;
}

/* The latest such day up to `to`; a 29th of February is looked for over eight years (there was none in 1900). */
static bool latest(int month, int day, day_t to, day_t *out) {
    int year, m, d;
    day_to_civil(to, &year, &m, &d);
    for (int back = 0; back <= 8; back++) {
        if (!day_exists(year - back, month, day)) continue;
        *out = day_from_civil(year - back, month, day);
        if (*out <= to) return true;
    }
    return false;
}

static bool nearest(int month, int day, day_t to, day_t *out) {
    int year, m, d;
    bool found = latest(month, day, to, out);
    day_to_civil(to, &year, &m, &d);
    for (int ahead = 0; ahead <= 8; ahead++) {
        if (!day_exists(year + ahead, month, day)) continue;
        day_t next = day_from_civil(year + ahead, month, day);
        if (next < to) continue;
        if (!found || next - to < to - *out) *out = next;
        return true;
    }
    return found;
}

/* A month or a year before, the last day of the month where there is no such day. */
static day_t before(const struct month_day *x, day_t day) {
    int y, m, d;
    if (x->unit == 'd') return day - x->span;
    day_to_civil(day, &y, &m, &d);
    int months = y * 12 + m - 1 - x->span * (x->unit == 'y' ? 12 : 1);
    y = months / 12;
    m = months % 12 + 1;
    while (d > 28 && !day_exists(y, m, d)) d--;
    return day_from_civil(y, m, d);
}

enum op_verdict apply_month_day(struct tworker *w, const struct top *o, struct trec *r) {
    const struct month_day *x = o->args;
    struct stamp st;
    day_t against = worker_cfg(w)->day, out = 0;
    int month, day;
    struct sv text = trec_text(r, x->field);
    bool ok = !x->against.n || stamp_parse(trec_text(r, x->against), &st);
    if (ok && x->against.n) against = st.day;
    if (ok && find_month_day(text, &month, &day))
        ok = (x->nearest ? nearest : latest)(month, day, against, &out);
    else if (ok && (ok = x->unit && text.n))
        out = before(x, against);
    trec_set(r, x->to, ok ? value_of_text(sv_of(arena_str(r->a, day_text(out).s)), r->a) : SV("null"));
    return OP_NEXT;
}

/* date: parts of a calendar day as fields. */
#include "transform/op.h"

enum part {
    P_YEAR,
    P_MONTH,
    P_DAY,
    P_WEEK,
    P_WEEK_YEAR,
    P_WEEKDAY,
    P_WEEKDAY_NAME,
    P_WEEKEND,
    P_QUARTER,
    P_DAY_OF_YEAR,
    PARTS
};
static const char *const part_names[PARTS] = {"year",    "month",        "day",     "week",    "week_year",
                                              "weekday", "weekday_name", "weekend", "quarter", "day_of_year"};
struct date_args {
    struct sv field;
    struct svs to;
    enum part *part;
    struct svs names; /* Monday first */
};

const void *parse_date(struct op_parse *c) {
    struct date_args *d = arena_alloc(c->a, sizeof *d);
    struct jval v, k, e;
    d->field = sv_of(get_str(c->a, c->v, "field", ""));
    d->names = get_svs(c, "weekdays");
    if (!get_val(c->v, "fields", &v) || jv_type(v) != JT_OBJ) return d;
    d->to.s = arena_alloc(c->a, (jv_tok(v)->n + 1) * sizeof *d->to.s);
    d->part = arena_alloc(c->a, (jv_tok(v)->n + 1) * sizeof *d->part);
    for (uint32_t pos = 0; jv_each(v, &pos, &k, &e);) {
        d->to.s[d->to.n] = sv_of(jv_str(k, c->a, NULL));
        d->part[d->to.n++] = (enum part)word_index(e, part_names, PARTS);
        if (d->part[d->to.n - 1] == P_WEEKDAY_NAME && d->names.n != 7)
            mistake_at(c->m, offset_of(e), "weekday_name needs \"weekdays\": the seven names, Monday first");
    }
    return d;
}

/* ISO 8601: the week that holds the Thursday; its year may be the next or the last one. */
static int iso_week(day_t day, int *year) {
    day_t thursday = day - day_weekday(day) + 3;
    int m, d;
    day_to_civil(thursday, year, &m, &d);
    return (thursday - day_from_civil(*year, 1, 1)) / 7 + 1;
}

static struct sv part_of(const struct date_args *d, enum part part, day_t day, struct arena *a) {
    int y, m, dd, week_year, x = 0, week = iso_week(day, &week_year);
    day_to_civil(day, &y, &m, &dd);
    switch (part) {
    case P_YEAR:
        x = y;
        break;
    case P_MONTH:
        x = m;
        break;
    case P_DAY:
        x = dd;
        break;
    case P_WEEK:
        x = week;
        break;
    case P_WEEK_YEAR:
        x = week_year;
        break;
    case P_WEEKDAY:
        x = day_weekday(day);
        break;
    case P_QUARTER:
        x = (m + 2) / 3;
        break;
    case P_DAY_OF_YEAR:
        x = day - day_from_civil(y, 1, 1) + 1;
        break;
    case P_WEEKDAY_NAME:
        return value_of_text(d->names.s[day_weekday(day)], a);
    default:
        return day_weekday(day) > 4 ? SV("true") : SV("false");
    }
    return sv_of(arena_fmt(a, "%d", x));
}

enum op_verdict apply_date(struct tworker *w, const struct top *o, struct trec *r) {
    const struct date_args *d = o->args;
    struct stamp st;
    bool ok = stamp_parse(trec_text(r, d->field), &st);
    (void)w;
    for (size_t i = 0; i < d->to.n; i++)
        trec_set(r, d->to.s[i], ok ? part_of(d, d->part[i], st.day, r->a) : SV("null"));
    return OP_NEXT;
}

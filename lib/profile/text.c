/* A profile for people: a table of all fields in 100 columns, then what is known of each, then the schema. */
#include "profile/say.h"

#include <math.h>

static void label(struct buf *b, const char *name) {
    buf_fmt(b, "  %-10s ", name);
}

static void counted(struct buf *b, const char **between, const char *name, uint64_t n) {
    if (!n) return;
    buf_fmt(b, "%s%s ", *between, name);
    say_count(b, n);
    *between = ", ";
}

static void types_line(struct buf *b, const struct field *f, const struct figures *g) {
    const char *between = "", *within = "";
    const struct tally *t = &f->t;
    label(b, "types");
    for (int k = 0; k < KIND_COUNT; k++) counted(b, &between, kind_names[k], t->kinds[k]);
    counted(b, &between, "absent", g->of - g->present);
    uint64_t as_text = t->as_text[0] + t->as_text[1] + t->as_text[2];
    if (as_text) {
        buf_str(b, " (as text: ");
        for (int k = 0; k <= KIND_BOOLEAN; k++) counted(b, &within, kind_names[k], t->as_text[k]);
        buf_chr(b, ')');
    }
    buf_chr(b, '\n');
}

static void distinct_line(struct buf *b, const struct figures *g) {
    if (!g->values) return;
    label(b, "distinct");
    say_count(b, g->distinct);
    buf_str(b, " of ");
    say_count(b, g->values);
    if (!g->exact) buf_fmt(b, ", estimated (standard error %.2f %%)", g->distinct_error * 100);
    buf_chr(b, '\n');
}

static void extent_line(struct buf *b, const char *name, const struct extent *x) {
    if (!x->n) return;
    label(b, name);
    say_count(b, x->least);
    buf_str(b, " to ");
    say_count(b, x->greatest);
    buf_str(b, ", mean ");
    say_number(b, (double)x->sum / (double)x->n);
    buf_chr(b, '\n');
}

static void point_text(struct buf *b, double x, const struct tally *t, bool time) {
    if (time)
        time_text(floor(x / 1e6 + 0.5) * 1e6, times_of(t).zoned, times_of(t).dates, b);
    else
        say_number(b, x);
}

/* What stands from `from` on goes to a line of its own where it would pass the last column. */
static void wrap(struct buf *b, size_t *line, size_t from) {
    if (text_width((struct sv){b->p + *line, b->n - *line}) <= LINE) return;
    struct buf rest = {0};
    buf_add(&rest, b->p + from + GAP, b->n - from - GAP);
    b->n = from;
    buf_chr(b, '\n');
    *line = b->n;
    label(b, "");
    buf_add(b, rest.p, rest.n);
    buf_free(&rest);
}

static void spread_lines(struct buf *b, const struct spread *s, const struct tally *t, bool time) {
    size_t line = b->n;
    label(b, "quantiles");
    for (int i = 0; i < QUANTILES; i++) {
        size_t from = b->n;
        buf_fmt(b, "%s%g %% ", i ? "  " : "", quantile_p[i] * 100);
        point_text(b, s->q[i], t, time);
        if (i) wrap(b, &line, from);
    }
    size_t from = b->n;
    if (!s->exact) {
        buf_fmt(b, "  (ranks to %.2f %%)", s->rank_error * 100);
        wrap(b, &line, from);
    }
    buf_chr(b, '\n');
    label(b, "outliers");
    if (!s->exact && s->below + s->above) buf_str(b, "about ");
    say_count(b, s->below);
    buf_str(b, " below ");
    point_text(b, s->low, t, time);
    buf_str(b, ", ");
    say_count(b, s->above);
    buf_str(b, " above ");
    point_text(b, s->high, t, time);
    buf_chr(b, '\n');
}

static void numbers_lines(struct buf *b, const struct tally *t, const struct figures *g) {
    if (!t->numbers && !t->beyond) return;
    label(b, "numbers");
    text_show(b, (struct sv){t->least.p, t->least.n}, 40);
    buf_str(b, " to ");
    text_show(b, (struct sv){t->greatest.p, t->greatest.n}, 40);
    if (t->numbers) {
        buf_str(b, ", mean ");
        say_number(b, g->numbers.mean);
        buf_str(b, ", standard deviation ");
        say_number(b, g->numbers.stddev);
    }
    if (t->beyond) {
        buf_str(b, "; ");
        say_count(b, t->beyond);
        buf_str(b, " beyond a double, left out of the figures");
    }
    buf_chr(b, '\n');
    if (t->numbers) spread_lines(b, &g->numbers, t, false);
}

static void times_lines(struct buf *b, const struct tally *t, const struct figures *g) {
    if (!t->times) return;
    label(b, "times");
    point_text(b, t->first, t, true);
    buf_str(b, " to ");
    point_text(b, t->last, t, true);
    buf_str(b, ", mean ");
    point_text(b, g->times.mean, t, true);
    buf_chr(b, '\n');
    if (t->zoned && t->zoned < t->times) {
        label(b, "");
        buf_str(b, "(with and without a zone; in UTC where there is one)\n");
    }
    spread_lines(b, &g->times, t, true);
}

static void texts_line(struct buf *b, const struct tally *t) {
    if (!t->least_text.set || mostly_times(t) || mostly_numbers(t)) return;
    label(b, "texts");
    text_show(b, text_whole((struct sv){t->least_text.p, t->least_text.n}), 40);
    buf_str(b, " to ");
    text_show(b, text_whole((struct sv){t->greatest_text.p, t->greatest_text.n}), 40);
    buf_chr(b, '\n');
}

static void value_text(struct buf *b, const struct field *f, const struct value *v, size_t most) {
    if (v->len)
        text_show(b, text_whole(top_text(&f->top, v)), most);
    else
        buf_str(b, "\"\"");
}

static void top_lines(struct buf *b, const struct field *f, const struct figures *g) {
    if (!g->values) return;
    if (g->exact && g->ntop && g->top[0]->count == 1) {
        label(b, "top");
        buf_str(b, g->values == 1 ? "the one value: " : "every value occurs once: ");
        value_text(b, f, g->top[0], 50);
        buf_str(b, g->values == 1 ? "\n" : ", ...\n");
        return;
    }
    for (size_t i = 0; i < g->ntop && i < 5; i++) {
        const struct value *v = g->top[i];
        label(b, i ? "" : "top");
        size_t from = b->n;
        say_count(b, v->count);
        text_pad(b, from, 12, true);
        from = b->n;
        say_percent(b, v->count, g->values);
        text_pad(b, from, 10, true);
        buf_str(b, "  ");
        value_text(b, f, v, 60);
        buf_chr(b, '\n');
    }
    if (g->exact) return;
    label(b, g->ntop ? "" : "top");
    buf_str(b, g->ntop ? "(at least; each up to " : "no value is known to occur more than ");
    say_count(b, f->top.lost);
    buf_str(b, g->ntop ? " more)\n" : " times\n");
}

static void field_text(struct buf *b, const struct profile *p, const struct field *f) {
    const struct figures *g = figures_of(p, f);
    buf_chr(b, '\n');
    say_name(b, f, LINE);
    if (f->title) {
        buf_str(b, "  —  ");
        text_show(b, sv_of(f->title), 80);
    }
    buf_chr(b, '\n');
    types_line(b, f, g);
    distinct_line(b, g);
    numbers_lines(b, &f->t, g);
    times_lines(b, &f->t, g);
    texts_line(b, &f->t);
    extent_line(b, "lengths", &f->t.lengths);
    extent_line(b, "items", &f->t.items);
    top_lines(b, f, g);
}

static void head_text(struct buf *b, const struct profile *p) {
    if (p->title) {
        text_show(b, sv_of(p->title), LINE);
        buf_chr(b, '\n');
    }
    for (size_t i = 0; i < p->ninputs && i < 5; i++) {
        buf_str(b, i ? ", " : "");
        text_show(b, sv_of(p->inputs[i]), 80);
    }
    if (p->ninputs > 5) buf_fmt(b, ", ... (%zu inputs)", p->ninputs);
    buf_str(b, ": ");
    say_count(b, p->records);
    buf_str(b, p->records == 1 ? " record, " : " records, ");
    say_count(b, p->bytes);
    buf_str(b, " bytes, ");
    say_count(b, p->nfields - 1);
    buf_str(b, p->nfields == 2 ? " field\n" : " fields\n");
    if (p->invalid) {
        say_count(b, p->invalid);
        buf_str(b, p->invalid == 1 ? " line is no JSON and is left out: "
                                   : " lines are no JSON and are left out; the first: ");
        const struct bad_line *bad = &p->bad[0];
        text_show(b, sv_of(bad->file < p->ninputs ? p->inputs[bad->file] : ""), 40);
        buf_fmt(b, ":%llu: ", (unsigned long long)bad->line);
        text_show(b, sv_of(bad->problem), 80);
        buf_chr(b, '\n');
    }
    if (p->repeated) {
        say_count(b, p->repeated);
        buf_str(b, p->repeated == 1 ? " time" : " times");
        buf_str(b, " a key stood again in the same object; the last counts\n");
    }
    if (p->left_out) {
        say_count(b, p->left_out);
        buf_fmt(b, " values of further fields are left out: at most %u fields%s, %d levels, are kept\n", p->most,
                p->most < 2000 ? " with this --memory" : "", LEVELS_MOST);
    }
}

void profile_text(const struct profile *p, struct buf *b) {
    head_text(b, p);
    if (p->records) {
        buf_chr(b, '\n');
        say_table(b, p);
    }
    for (const struct field *f = p->fields[0]; f && p->records; f = profile_next(f))
        if (is_shown(p, f)) field_text(b, p, f);
    buf_str(b, "\nInferred schema\n");
    profile_schema(p, b);
}

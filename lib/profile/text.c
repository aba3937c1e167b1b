/* A profile for people: a table of all fields in 100 columns, then what is known of each, then the schema. */
#include <math.h>

#include "profile/figures.h"
#include "profile/width.h"

#define COLUMNS 7
#define LINE 100
#define GAP 2
enum column { COL_FIELD, COL_TYPE, COL_FILLED, COL_DISTINCT, COL_MIN, COL_MEAN, COL_MAX };
static const struct {
    const char *head;
    size_t least, most; /* columns of the terminal */
    bool right;
} columns[COLUMNS] = {{"Field", 20, 48, false},  {"Type", 9, 20, false}, {"Filled", 7, 7, true},
                      {"Distinct", 8, 14, true}, {"Min", 19, 26, true},  {"Mean", 5, 14, true},
                      {"Max", 19, 26, true}};

static void count_text(struct buf *b, uint64_t n) {
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n);
    for (int i = 0; i < len; i++) {
        if (i && (len - i) % 3 == 0) buf_chr(b, ',');
        buf_chr(b, digits[i]);
    }
}

/* Never 100 % nor 0 % unless it is. */
static void percent_text(struct buf *b, uint64_t part, uint64_t of) {
    double x = of ? (double)part * 100 / (double)of : 0;
    if (part < of && x > 99.99) x = 99.99;
    if (part && x < 0.01) x = 0.01;
    buf_fmt(b, part == of || !part ? "%.0f %%" : "%.2f %%", x);
}

static void number_text(struct buf *b, double x) {
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

static void name_text(struct buf *b, const struct field *f, size_t most) {
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
static void kinds_text(struct buf *b, const struct tally *t) {
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

/* ---- the table ---------------------------------------------------------------------------------------------- */

static struct style_of_times { bool zoned, dates; } times_of(const struct tally *t) {
    return (struct style_of_times){t->zoned == t->times, !t->kinds[KIND_TIMESTAMP]};
}

static bool mostly_times(const struct tally *t) {
    return t->times > t->numbers + t->beyond;
}
static bool mostly_numbers(const struct tally *t) {
    return t->numbers + t->beyond &&
           t->numbers + t->beyond >= tally_strings(t) - t->as_text[KIND_INTEGER] - t->as_text[KIND_NUMBER];
}

static void limit_cell(struct buf *b, const struct tally *t, bool least) {
    const struct limit *n = least ? &t->least : &t->greatest, *s = least ? &t->least_text : &t->greatest_text;
    if (mostly_times(t))
        time_text(least ? t->first : t->last, times_of(t).zoned, times_of(t).dates, b);
    else if (mostly_numbers(t) && n->n > 21)
        number_text(b, n->num); /* its digits are told below */
    else if (mostly_numbers(t))
        text_show(b, (struct sv){n->p, n->n}, columns[COL_MIN].most);
    else if (s->set)
        text_show(b, text_whole((struct sv){s->p, s->n}), columns[COL_MIN].most);
}

static void cell(struct buf *b, enum column c, const struct field *f, const struct figures *g) {
    const struct tally *t = &f->t;
    switch (c) {
    case COL_FIELD:
        name_text(b, f, columns[COL_FIELD].most);
        break;
    case COL_TYPE:
        kinds_text(b, t);
        break;
    case COL_FILLED:
        percent_text(b, g->filled, g->of);
        break;
    case COL_DISTINCT:
        if (!g->values) break;
        if (!g->exact) buf_chr(b, '~');
        count_text(b, g->distinct);
        break;
    case COL_MEAN:
        if (t->numbers && mostly_numbers(t)) number_text(b, g->numbers.mean);
        break;
    default:
        limit_cell(b, t, c == COL_MIN);
    }
}

struct table {
    char **cells; /* rows of COLUMNS */
    size_t rows, width[COLUMNS];
};

static void fit(struct table *t) {
    size_t all = GAP * (COLUMNS - 1);
    for (int c = 0; c < COLUMNS; c++) all += t->width[c];
    while (all > LINE) { /* what is farthest over its least gives a column */
        int widest = -1;
        for (int c = 0; c < COLUMNS; c++) {
            size_t over = t->width[c] > columns[c].least ? t->width[c] - columns[c].least : 0;
            if (over && (widest < 0 || over > t->width[widest] - columns[widest].least)) widest = c;
        }
        if (widest < 0) return;
        t->width[widest]--;
        all--;
    }
}

static void put_table(struct buf *b, const struct table *t) {
    for (size_t r = 0; r < t->rows; r++) {
        for (int c = 0; c < COLUMNS; c++) {
            size_t from = b->n;
            text_show(b, sv_of(t->cells[r * COLUMNS + (size_t)c]), t->width[c]);
            text_pad(b, from, t->width[c], columns[c].right);
            if (c + 1 < COLUMNS) text_pad(b, b->n, GAP, false);
        }
        while (b->n && b->p[b->n - 1] == ' ') b->n--;
        buf_chr(b, '\n');
    }
}

static bool is_shown(const struct profile *p, const struct field *f) {
    return f != p->fields[0] || tally_present(&f->t) != f->t.kinds[KIND_OBJECT];
}

static void table_text(struct buf *b, const struct profile *p) {
    struct arena a = {0};
    struct table t = {.cells = arena_alloc(&a, (p->nfields + 1) * COLUMNS * sizeof(char *)), .rows = 1};
    for (int c = 0; c < COLUMNS; c++) t.cells[c] = arena_str(&a, columns[c].head);
    for (const struct field *f = p->fields[0]; f; f = profile_next(f)) {
        if (!is_shown(p, f)) continue;
        for (int c = 0; c < COLUMNS; c++) {
            struct buf text = {0};
            cell(&text, (enum column)c, f, figures_of(p, f));
            t.cells[t.rows * COLUMNS + (size_t)c] = arena_strn(&a, buf_text(&text), text.n);
            buf_free(&text);
        }
        t.rows++;
    }
    for (size_t r = 0; r < t.rows; r++)
        for (int c = 0; c < COLUMNS; c++) {
            size_t w = text_width(sv_of(t.cells[r * COLUMNS + (size_t)c]));
            if (w > columns[c].most) w = columns[c].most;
            if (w > t.width[c]) t.width[c] = w;
        }
    fit(&t);
    put_table(b, &t);
    arena_free(&a);
}

/* ---- a field ------------------------------------------------------------------------------------------------ */

static void label(struct buf *b, const char *name) {
    buf_fmt(b, "  %-10s ", name);
}

static void counted(struct buf *b, const char **between, const char *name, uint64_t n) {
    if (!n) return;
    buf_fmt(b, "%s%s ", *between, name);
    count_text(b, n);
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
    count_text(b, g->distinct);
    buf_str(b, " of ");
    count_text(b, g->values);
    if (!g->exact) buf_fmt(b, ", estimated (standard error %.2f %%)", g->distinct_error * 100);
    buf_chr(b, '\n');
}

static void extent_line(struct buf *b, const char *name, const struct extent *x) {
    if (!x->n) return;
    label(b, name);
    count_text(b, x->least);
    buf_str(b, " to ");
    count_text(b, x->greatest);
    buf_str(b, ", mean ");
    number_text(b, (double)x->sum / (double)x->n);
    buf_chr(b, '\n');
}

static void point_text(struct buf *b, double x, const struct tally *t, bool time) {
    if (time)
        time_text(floor(x / 1e6 + 0.5) * 1e6, times_of(t).zoned, times_of(t).dates, b);
    else
        number_text(b, x);
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
    count_text(b, s->below);
    buf_str(b, " below ");
    point_text(b, s->low, t, time);
    buf_str(b, ", ");
    count_text(b, s->above);
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
        number_text(b, g->numbers.mean);
        buf_str(b, ", standard deviation ");
        number_text(b, g->numbers.stddev);
    }
    if (t->beyond) {
        buf_str(b, "; ");
        count_text(b, t->beyond);
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
        count_text(b, v->count);
        text_pad(b, from, 12, true);
        from = b->n;
        percent_text(b, v->count, g->values);
        text_pad(b, from, 10, true);
        buf_str(b, "  ");
        value_text(b, f, v, 60);
        buf_chr(b, '\n');
    }
    if (g->exact) return;
    label(b, g->ntop ? "" : "top");
    buf_str(b, g->ntop ? "(at least; each up to " : "no value is known to occur more than ");
    count_text(b, f->top.lost);
    buf_str(b, g->ntop ? " more)\n" : " times\n");
}

static void field_text(struct buf *b, const struct profile *p, const struct field *f) {
    const struct figures *g = figures_of(p, f);
    buf_chr(b, '\n');
    name_text(b, f, LINE);
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

/* ---- all of it ---------------------------------------------------------------------------------------------- */

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
    count_text(b, p->records);
    buf_str(b, p->records == 1 ? " record, " : " records, ");
    count_text(b, p->bytes);
    buf_str(b, " bytes, ");
    count_text(b, p->nfields - 1);
    buf_str(b, p->nfields == 2 ? " field\n" : " fields\n");
    if (p->invalid) {
        count_text(b, p->invalid);
        buf_str(b, p->invalid == 1 ? " line is no JSON and is left out: "
                                   : " lines are no JSON and are left out; the first: ");
        const struct bad_line *bad = &p->bad[0];
        text_show(b, sv_of(bad->file < p->ninputs ? p->inputs[bad->file] : ""), 40);
        buf_fmt(b, ":%llu: ", (unsigned long long)bad->line);
        text_show(b, sv_of(bad->problem), 80);
        buf_chr(b, '\n');
    }
    if (p->repeated) {
        count_text(b, p->repeated);
        buf_str(b, p->repeated == 1 ? " time" : " times");
        buf_str(b, " a key stood again in the same object; the last counts\n");
    }
    if (p->left_out) {
        count_text(b, p->left_out);
        buf_fmt(b, " values of further fields are left out: at most %u fields%s, %d levels, are kept\n", p->most,
                p->most < 2000 ? " with this --memory" : "", LEVELS_MOST);
    }
}

void profile_text(const struct profile *p, struct buf *b) {
    head_text(b, p);
    if (p->records) {
        buf_chr(b, '\n');
        table_text(b, p);
    }
    for (const struct field *f = p->fields[0]; f && p->records; f = profile_next(f))
        if (is_shown(p, f)) field_text(b, p, f);
    buf_str(b, "\nInferred schema\n");
    profile_schema(p, b);
}
